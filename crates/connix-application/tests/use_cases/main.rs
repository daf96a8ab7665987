//! The use cases and the supervisor, on a memory store and with a runtime that the tests play.
#![expect(clippy::unwrap_used, reason = "a test may end where something is missing")]

mod agents;
mod authorization;
mod credentials;
mod equipment;
mod following;
mod limits;
mod projects;
mod retention;
mod signing_in;
mod upstream;
mod world;
