//! The agent's own program: `connix worker`.
//!
//! A worker pulls tasks from a server over HTTP ([`connix_worker_protocol`]), asks a model until there is an answer, and
//! reports. It is launched by a server as its child, or run by an agent's owner on another host; the protocol is the
//! same. One session looks so:
//!
//! - the **loop** (`worker`) says hello, claims a task, makes an attempt at it, and does so again;
//! - the **heartbeat** (`session::heartbeat`), on a thread of its own, keeps the leases and brings the server's orders;
//! - the **attempt** (`task`) turns a claimed task and its journal into a conversation, and the conversation into an
//!   outcome. `task::conversation`, `session::lease`, `session::orders`, `model::reply` and `log::buffer` are pure: all
//!   that is decided is decided there;
//! - the **model client** (`model`) speaks to any OpenAI-compatible endpoint;
//! - the **tools** (`tools`) are what a model may call;
//! - the **process** (`process`) is what only a real process has: handshake, lifeline, lock, signals.
//!
//! *Invariants.* No step starts without a lease that was renewed within half its length. Every step is in the journal
//! before its effect and after it. A worker whose server is gone leaves nothing behind.

mod backoff;
mod clock;
mod http;
mod log;
mod model;
mod process;
mod redaction;
pub mod sandbox;
mod server;
mod session;
mod settings;
mod task;
mod tools;
mod worker;

pub use backoff::Pace;
pub use model::offered_models;
pub use process::{Options, run};
pub use settings::Settings;
pub use tools::{FoundTool, Inventory, Missing, inventory};
pub use worker::work;
