//! `connix worker`: an agent's worker, as the server's child or on a host of the agent's owner.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, bail};
use connix_worker::Options;

use crate::cli::Worker;
use crate::logging;
use crate::settings::Settings;

/// Runs the worker to its end, which may take months.
///
/// # Errors
/// The token's file cannot be read, or holds nothing.
pub(crate) fn run(settings: &Settings, worker: Worker) -> anyhow::Result<ExitCode> {
    let options = match (worker.server, worker.token_file) {
        (Some(server_url), Some(file)) => {
            let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let token = text.trim();
            if token.is_empty() {
                bail!("{} holds no token", file.display());
            }
            Options::External { server_url, token: token.to_owned().into(), token_file: file }
        }
        _ => Options::Local,
    };
    logging::start(&settings.log);
    Ok(connix_worker::run(options))
}
