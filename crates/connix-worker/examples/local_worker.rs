//! A local worker: all that `connix worker` does, and the program of `tests/worker/process.rs`. With the argument
//! `sandbox-exec` it is the keeper of a program, as `connix sandbox-exec` is.
//!
//! Start it with a pipe, write a `LaunchHandshake` line into it, and keep the pipe open.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("sandbox-exec") => connix_worker::sandbox::keep(),
        _ => connix_worker::run(connix_worker::Options::Local),
    }
}
