//! The worker as a process: what it is told at its start, what it holds, what ends it.

mod handshake;
mod host_lock;
mod inherited_files;
mod lifeline;
mod own_folder;
mod signals;

use std::path::PathBuf;
use std::process::ExitCode;

use connix_worker_protocol::exit_code;
use connix_worker_protocol::handshake::LaunchHandshake;
use connix_worker_protocol::secret::Secret;
use nix::sys::prctl::set_name;
use nix::sys::stat::{Mode, umask};

use crate::settings::Settings;
use crate::worker::work;
use host_lock::HostLock;
pub(crate) use inherited_files::close_inherited;
use lifeline::Lifeline;

/// How the process was started.
#[derive(Debug, Clone)]
pub enum Options {
    /// By a server, as its child: a [`connix_worker_protocol::handshake::LaunchHandshake`] comes on standard input,
    /// which stays open as the lifeline.
    Local,
    /// By an agent's owner, on any host.
    External {
        /// Base URL of the server.
        server_url: String,
        /// The agent's worker token (`cxw_…`).
        token: Secret,
        /// Where it was read: no program may reach that file.
        token_file: PathBuf,
    },
}

/// Runs a worker to its end, which may take months. The exit code is one of [`exit_code`].
///
/// What the operator should know goes to `tracing`; the caller installs a subscriber, for a local worker one that writes
/// to standard error, which the server keeps.
#[must_use]
pub fn run(options: Options) -> ExitCode {
    ExitCode::from(prepare(options).unwrap_or_else(|refusal| refusal))
}

/// A worker that cannot start ends with the code on the right.
fn prepare(options: Options) -> Result<u8, u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        tracing::error!(%error, "the runtime cannot start");
        exit_code::INTERNAL
    })?;
    match options {
        Options::Local => run_local(&runtime),
        Options::External { server_url, token, token_file } => {
            let workspace = own_folder::current(&token_file).map_err(|cause| {
                tracing::error!(%cause, "the worker cannot work here");
                exit_code::USAGE
            })?;
            Ok(runtime.block_on(run_with_signals(Settings::new(server_url, token, false, workspace))))
        }
    }
}

fn run_local(runtime: &tokio::runtime::Runtime) -> Result<u8, u8> {
    settle_in();
    let mut lifeline = Lifeline::on_standard_input();
    let handshake = handshake::read(lifeline.input()).map_err(|cause| {
        tracing::error!(%cause, "the handshake cannot be read");
        exit_code::USAGE
    })?;
    lifeline.watch().map_err(|error| {
        tracing::error!(%error, "the lifeline cannot be watched");
        exit_code::INTERNAL
    })?;
    std::env::set_current_dir(&handshake.workspace).map_err(|error| {
        tracing::error!(%error, workspace = %handshake.workspace.display(), "the workspace cannot be entered");
        exit_code::RETRY
    })?;
    runtime.block_on(async {
        // Held to the end of the process: the kernel lets go of it, however that comes.
        let _lock = HostLock::acquire(&handshake.lock_path).await.map_err(|cause| {
            tracing::error!(%cause, lock = %handshake.lock_path.display(), "the agent's lock cannot be taken");
            exit_code::RETRY
        })?;
        let LaunchHandshake { server_url, token, workspace, instance, .. } = handshake;
        let settings = Settings { instance, ..Settings::new(server_url, token, true, workspace) };
        Ok(run_with_signals(settings).await)
    })
}

/// What a child does before all else.
fn settle_in() {
    close_inherited();
    // What a worker writes is its owner's alone.
    umask(Mode::from_bits_truncate(0o077));
    // It is executed as /proc/self/exe, and `exe` would be its name in `ps`. A name is worth no failure.
    let _ = set_name(c"connix-worker");
}

async fn run_with_signals(settings: Settings) -> u8 {
    match signals::drain_on_signal() {
        Ok(drain) => work(settings, drain).await,
        Err(error) => {
            tracing::error!(%error, "signals cannot be handled");
            exit_code::INTERNAL
        }
    }
}
