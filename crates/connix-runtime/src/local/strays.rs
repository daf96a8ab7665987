//! What is left of the programs that a worker's tools have started.
//!
//! A keeper stands between a worker and each program (`connix sandbox-exec`, see `connix-worker`). It sees that the
//! worker is gone, ends the program and all that it has started, and then itself; so the end of a worker is waited for
//! until its keepers have ended. A program in a PID namespace never outlives its keeper. Elsewhere, should a keeper have
//! been killed too, what it kept is found in two ways:
//!
//! - it becomes a child of this process, which inherits the orphans below it (`PR_SET_CHILD_SUBREAPER`): a child that was
//!   not started here and is no keeper is a stray, whatever it calls itself. A first process inherits strangers' orphans
//!   as well, and buries these only;
//! - it bears the worker's mark in its environment. By that alone it is found at a server's start, when the one before it
//!   was killed; and what has cleaned its environment by then is not.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{fs, io};

use connix_domain::id::AgentId;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::processes::{Looks, Seen};
use super::{KILLED, children, processes};

/// A keeper takes some milliseconds, unless something holds it.
const PATIENCE: Duration = Duration::from_secs(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How long an orphan may go unnoticed while its worker lives.
const ROUND: Duration = Duration::from_secs(5);

/// Names a worker on its host: the run folder's number, agent and incarnation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Mark(String);

impl Mark {
    /// The run folder has to be there: with its number, two servers' marks differ.
    pub(super) fn new(run: &Path, agent: AgentId, incarnation: i64) -> io::Result<Self> {
        Ok(Self(format!("{}{agent}/{incarnation}", prefix(run)?)))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

fn prefix(run: &Path) -> io::Result<String> {
    let folder = fs::metadata(run)?;
    Ok(format!("{:x}-{:x}/", folder.dev(), folder.ino()))
}

/// Finds them and ends them.
pub(super) struct Strays {
    looks: Looks,
    /// All orphans that come to this process come from below it.
    inherits_its_own: bool,
    /// The workers that were started here and whose end has not been reported.
    marks: Mutex<HashSet<Mark>>,
}

impl Strays {
    /// Has this process inherit orphans. The children that it has now are left alone for good.
    ///
    /// # Errors
    /// When the kernel does not let it, or `/proc` cannot be read.
    pub(super) fn inherit() -> io::Result<Self> {
        nix::sys::prctl::set_child_subreaper(true)?;
        children::leave_alone(processes::children()?.iter().map(|child| child.number));
        let inherits_its_own = std::process::id() != 1;
        Ok(Self { looks: Looks::default(), inherits_its_own, marks: Mutex::default() })
    }

    /// A worker is being started here.
    pub(super) fn expect(&self, mark: &Mark) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).insert(mark.clone());
    }

    /// Waits until nothing of a worker that has ended is left, and sees to that.
    pub(super) async fn swept(&self, mark: &Mark) {
        self.none_left(|found| found == mark.text()).await;
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).remove(mark);
    }

    /// Ends what an earlier server on this run folder has left.
    async fn end_those_of_before(&self, prefix: &str) {
        let is_own = |found: &str| {
            let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
            marks.iter().any(|mark| mark.text() == found)
        };
        let none_left = self.none_left(|found| found.starts_with(prefix) && !is_own(found));
        if timeout(PATIENCE + KILLED, none_left).await.is_err() {
            tracing::error!("a program that an earlier server has left cannot be killed");
        }
    }

    /// Programs go before their keepers: what a keeper has lost it cannot end any more.
    async fn none_left(&self, is_wanted: impl Fn(&str) -> bool) {
        let patient_until = Instant::now() + PATIENCE;
        loop {
            if let Ok(look) = self.looks.new_one().await {
                let wanted = look.iter().filter(|seen| seen.mark.as_deref().is_some_and(&is_wanted));
                let (keepers, programs): (Vec<_>, Vec<_>) = wanted.partition(|seen| seen.is_keeper);
                let no_orphans = self.end_orphans(&look);
                if keepers.is_empty() && programs.is_empty() && no_orphans {
                    return;
                }
                if keepers.is_empty() || Instant::now() > patient_until {
                    let next = if programs.is_empty() { keepers } else { programs };
                    next.into_iter().for_each(Seen::kill);
                }
            }
            sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Ends orphans, but for keepers, which end by themselves. True when there is none. The dead are buried when none is alive:
    /// until then they count against their user's limit, at which a chain of forks ends.
    fn end_orphans(&self, look: &[Seen]) -> bool {
        let orphans = children::orphans(look.iter().filter(|seen| seen.is_child).map(|seen| seen.number));
        let (ended, alive): (Vec<_>, Vec<_>) =
            look.iter().filter(|seen| orphans.contains(&seen.number)).partition(|seen| seen.has_ended);
        let strays: Vec<_> = alive.into_iter().filter(|seen| self.inherits_its_own && !seen.is_keeper).collect();
        strays.iter().for_each(|stray| stray.kill());
        if strays.is_empty() {
            children::bury_orphans(ended.iter().map(|seen| seen.number));
        }
        strays.is_empty() && ended.is_empty()
    }
}

/// Ends what an earlier server on this run folder has left, and orphans from now on, for as long as anybody holds `strays`.
pub(super) fn watch(strays: &Arc<Strays>, run: &Path) {
    let earlier = prefix(run).ok(); // without the folder there was no server
    let strays = Arc::downgrade(strays);
    tokio::spawn(async move {
        if let (Some(strays), Some(earlier)) = (strays.upgrade(), earlier) {
            strays.end_those_of_before(&earlier).await;
        }
        while let Some(()) = round(&strays).await {
            sleep(ROUND).await;
        }
    });
}

async fn round(strays: &Weak<Strays>) -> Option<()> {
    let strays = strays.upgrade()?;
    if let Ok(Ok(children)) = spawn_blocking(processes::children).await {
        strays.end_orphans(&children);
    }
    Some(())
}
