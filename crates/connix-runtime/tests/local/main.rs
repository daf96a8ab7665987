//! The local runtime with real child processes: shell scripts that stand in for the worker.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod ends;
mod launches;
mod measures;
mod stage;
