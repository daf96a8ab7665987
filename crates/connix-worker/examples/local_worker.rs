//! A local worker: all that `connix worker` does, and the program of `tests/worker/process.rs`.
//!
//! Start it with a pipe, write a `LaunchHandshake` line into it, and keep the pipe open.

use std::process::ExitCode;

fn main() -> ExitCode {
    connix_worker::run(connix_worker::Options::Local)
}
