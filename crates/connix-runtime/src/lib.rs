//! Where agents' workers run: the adapters of [`connix_domain::port::runtime::AgentRuntime`].
//!
//! - [`LocalRuntime`]: child processes of the server, one per agent;
//! - [`ExternalRuntime`]: workers that their owners run; there is nothing to launch.

mod external;
mod local;

pub use external::ExternalRuntime;
pub use local::{LocalRuntime, LocalSettings, WorkerProgram};
