//! What each command does. Its answer goes to standard output; everything else to standard error.

mod administration;
mod members;
mod serve;
mod signing_keys;
mod worker;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Context;
use tokio::runtime::Runtime;

use crate::cli::{Cli, Command, Keys, Orgs};
use crate::settings::{load, print};

/// Does what the command line says.
///
/// # Errors
/// What stopped it, for the operator to read.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let settings = load::load(cli.config.as_deref(), environment(), &cli.flags())?;
    match cli.command.unwrap_or_default() {
        Command::Worker(worker) => return worker::run(&settings, worker),
        // Nothing has started a thread by now, which it relies on.
        Command::SandboxExec(_) => return Ok(connix_worker::sandbox::keep()),
        Command::Serve(_) => on_runtime(serve::run(settings))?,
        Command::Keys(Keys::Create(key)) => answer(&on_runtime(administration::create_key(&settings, key))?)?,
        Command::Orgs(Orgs::Create { name }) => {
            answer(&on_runtime(administration::create_organisation(&settings, &name))?)?;
        }
        Command::Members(members) => answer(&on_runtime(members::run(&settings, members))?)?,
        Command::SigningKeys(action) => answer(&on_runtime(signing_keys::run(&settings, action))?)?,
        Command::Migrate => answer(&on_runtime(administration::migrate(&settings))?)?,
        Command::Openapi => answer(&administration::openapi()?)?,
        Command::Config => answer(print::text(&settings)?.trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment, for the settings")]
fn environment() -> std::env::VarsOs {
    std::env::vars_os()
}

/// A command's answer, alone on standard output.
fn answer(text: &str) -> anyhow::Result<()> {
    writeln!(stdout(), "{text}").context("standard output cannot be written to")
}

fn on_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Runtime::new().context("the runtime cannot start")?;
    let result = runtime.block_on(work);
    // Whatever still waits on a blocking thread must not hold up the end of the process.
    runtime.shutdown_background();
    result
}
