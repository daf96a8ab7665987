//! The binary `connix`: one program for the server, its agents' workers and the operator's commands.

mod cli;
mod command;
mod data_folder;
mod equipment;
mod installation;
mod logging;
mod settings;
mod system;
mod wiring;

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::run(cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // The causes on one line, so that a log collector keeps them together.
            _ = writeln!(stderr(), "connix: {error:#}");
            ExitCode::FAILURE
        }
    }
}
