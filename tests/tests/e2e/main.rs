//! Agents at work, from end to end: real servers, real worker processes, real kills, and a scripted model.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test fails by panicking and says what it measured")]

mod at_work;
mod durability;
mod ending;
mod figures;
mod programs;
mod tools;
mod worker_processes;
