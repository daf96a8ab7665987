//! The wire types between server and worker, protocol version 1 (`/api/v1/worker`).
//!
//! A worker pulls everything over HTTP with JSON bodies; this crate names every body once, for the server's routes and
//! for the worker's client. One session from hello to good-bye:
//!
//! 1. [`session::Hello`] opens a session and answers with configuration, model endpoint and intervals;
//! 2. [`session::Heartbeat`] keeps it alive and brings directives back ([`session::Desired`], cancelled and lost tasks);
//! 3. [`task::Claim`] takes a task under a lease, [`task::AppendEvents`] journals each step before and after it runs;
//! 4. [`task::CompleteTask`], [`task::FailTask`], [`task::CancelledTask`] or [`task::ReleaseTask`] ends the attempt;
//! 5. [`session::EndSession`] says good-bye.
//!
//! **Compatibility.** Unknown keys are ignored when reading, so versions N and N−1 understand each other; a new *value*
//! of an enum needs a new [`PROTOCOL_VERSION`]. Durations are whole milliseconds (`…_ms`), never absolute times: workers
//! count on their own monotonic clock. Counters are `i64`, as the domain and the stores keep them.

pub mod error;
pub mod exit_code;
pub mod handshake;
pub mod log;
pub mod mcp;
pub mod path;
pub mod sandbox;
pub mod secret;
pub mod session;
pub mod task;
pub mod tools;

/// The version this crate describes; sent in [`PROTOCOL_HEADER`] with every call.
pub const PROTOCOL_VERSION: u32 = 1;

/// Request header that carries the worker's [`PROTOCOL_VERSION`]; a server that does not serve it answers 426.
pub const PROTOCOL_HEADER: &str = "Connix-Worker-Protocol";
