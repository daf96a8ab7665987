//! What is left of the programs that a worker's tools have started.
//!
//! A keeper stands between a worker and each program (`connix sandbox-exec`, see `connix-worker`). It sees that the
//! worker is gone, ends the program and all that it has started, and then itself; so the end of a worker is waited for
//! until its keepers have ended. Should a keeper have been killed too, what it kept bears the worker's mark in its
//! environment, and is killed here. A program in a PID namespace never outlives its keeper.

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use connix_domain::id::AgentId;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::sleep;

/// A keeper takes some milliseconds, unless something holds it.
const PATIENCE: Duration = Duration::from_secs(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// How a keeper is called.
const KEEPER: &str = "sandbox-exec";
/// The variable that its processes have.
const VARIABLE: &str = "CONNIX_INSTANCE=";

/// Names a worker on its host: the run folder's number, agent and incarnation.
#[derive(Debug, Clone)]
pub(super) struct Mark(String);

impl Mark {
    /// The run folder has to be there: with its number, two servers' marks differ.
    pub(super) fn new(run: &Path, agent: AgentId, incarnation: i64) -> io::Result<Self> {
        Ok(Self(format!("{}{agent}/{incarnation}", prefix(run)?)))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Waits until nothing bears it, and sees to that.
    pub(super) async fn swept(&self) {
        let patient_until = Instant::now() + PATIENCE;
        loop {
            let found = bearing(|mark| mark == self.0);
            if found.is_empty() {
                return;
            }
            let is_kept = found.iter().any(|stray| stray.is_keeper);
            if !is_kept || Instant::now() > patient_until {
                found.iter().for_each(Stray::kill);
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// Ends what an earlier server on this run folder has left: at once, but for what keepers are about to end.
pub(super) fn end_those_of_before(run: &Path) {
    let Ok(prefix) = prefix(run) else { return }; // there is no such folder, and so was no server
    let found = bearing(|mark| mark.starts_with(&prefix));
    let end = async move {
        if found.iter().any(|stray| stray.is_keeper) {
            sleep(PATIENCE).await;
        }
        found.iter().for_each(Stray::kill);
    };
    tokio::spawn(end);
}

fn prefix(run: &Path) -> io::Result<String> {
    let folder = fs::metadata(run)?;
    Ok(format!("{:x}-{:x}/", folder.dev(), folder.ino()))
}

/// A process that bears a mark.
struct Stray {
    handle: OwnedFd,
    is_keeper: bool,
}

impl Stray {
    fn kill(&self) {
        // It may have ended.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

/// Looks through `/proc`. A process is held first and looked at then, so that it cannot be another's by the time it is
/// signalled.
fn bearing(wanted: impl Fn(&str) -> bool) -> Vec<Stray> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let stray = |number: i32| {
        let handle = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
        let is_keeper = mark_of_keeper(number).is_some_and(|mark| wanted(&mark));
        let is_kept = || mark_in_environment(number).is_some_and(|mark| wanted(&mark));
        (is_keeper || is_kept()).then_some(Stray { handle, is_keeper })
    };
    numbers.filter_map(stray).collect()
}

/// The last word of a keeper's command line.
fn mark_of_keeper(process: i32) -> Option<String> {
    let words = words(process, "cmdline")?;
    let place = words.iter().position(|word| word == KEEPER)?;
    words.get(place + 1).cloned()
}

fn mark_in_environment(process: i32) -> Option<String> {
    words(process, "environ")?.iter().find_map(|word| word.strip_prefix(VARIABLE).map(str::to_owned))
}

fn words(process: i32, file: &str) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{process}/{file}")).ok()?;
    Some(bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}
