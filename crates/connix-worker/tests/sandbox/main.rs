//! The sandbox with real programs, each case once with the processes held by a namespace and once by sweeping.
//!
//! Needs Linux with Landlock and user or PID namespaces, `python3` and `bash` below `/usr`. As root, programs run as a
//! user of their own; as anybody else, as that user. What is missing fails a case with the reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod bounds;
mod denied;
mod ends;
mod freezing;
mod probes;
mod processes;
mod refused;
mod stage;
mod storage;
