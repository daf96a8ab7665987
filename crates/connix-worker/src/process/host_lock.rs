//! At most one live worker of an agent per host, also when its server was killed and a new one launches the next worker
//! before the old one has noticed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use tokio::time::{Instant, sleep};

/// A predecessor leaves within moments of its server's end.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(20);

/// An exclusive `flock`, held until dropped or until the process ends.
#[derive(Debug)]
pub(super) struct HostLock {
    _file: Flock<File>,
}

impl HostLock {
    /// Waits for the predecessor to let go.
    ///
    /// # Errors
    /// In words, when the file cannot be opened or is not let go of in time.
    pub(super) async fn acquire(path: &Path) -> Result<Self, String> {
        let mut file = open(path).map_err(|error| error.to_string())?;
        let limit = Instant::now() + PATIENCE;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(_file) => return Ok(Self { _file }),
                Err((returned, Errno::EWOULDBLOCK)) if Instant::now() < limit => file = returned,
                Err((_, Errno::EWOULDBLOCK)) => return Err("another worker of this agent holds it".to_owned()),
                Err((_, error)) => return Err(error.to_string()),
            }
            sleep(RETRY).await;
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.lock");
        let held = HostLock::acquire(&path).await.unwrap();
        assert_eq!(HostLock::acquire(&path).await.unwrap_err(), "another worker of this agent holds it");
        drop(held);
        HostLock::acquire(&path).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_successor_waits_for_its_predecessor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.lock");
        let held = HostLock::acquire(&path).await.unwrap();
        let leaves = async {
            sleep(PATIENCE / 2).await;
            drop(held);
        };
        let (successor, ()) = tokio::join!(HostLock::acquire(&path), leaves);
        successor.unwrap();
    }
}
