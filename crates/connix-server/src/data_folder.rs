//! The data folder: what lies where in it, and the lock that keeps a second server out of it.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// A folder that exists, by its absolute path.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

/// Held by the server that runs on the folder. The kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct ServerLock(#[expect(dead_code, reason = "held, not used")] Flock<File>);

impl DataFolder {
    /// Makes the folder, open to its owner alone, if it is not there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let folder = || format!("the data folder {} cannot be used", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(folder)?;
        Ok(Self(path.canonicalize().with_context(folder)?))
    }

    /// Where the master key is.
    pub(crate) fn master_key(&self) -> PathBuf {
        self.0.join("master.key")
    }

    /// Where local agents' lock files are.
    pub(crate) fn run(&self) -> PathBuf {
        self.0.join("run")
    }

    /// Where the projects' workspaces are.
    pub(crate) fn workspaces(&self) -> PathBuf {
        self.0.join("workspaces")
    }

    /// Takes the folder for one server.
    ///
    /// # Errors
    /// Another server runs on it.
    pub(crate) fn lock(&self) -> anyhow::Result<ServerLock> {
        let path = self.0.join("server.lock");
        let cannot = || format!("{} cannot be opened", path.display());
        let file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path).with_context(cannot)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut lock) => {
                lock.set_len(0)?;
                writeln!(lock, "{}", std::process::id())?;
                Ok(ServerLock(lock))
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut process = String::new();
                file.read_to_string(&mut process)?;
                bail!("another server (process {}) runs on the data folder {}", process.trim(), self.0.display());
            }
            Err((_, error)) => Err(error).with_context(cannot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_folder_is_open_to_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        DataFolder::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_second_server_is_refused_by_the_folder_s_name_until_the_first_ends() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(parent.path()).unwrap();
        let first = folder.lock().unwrap();
        let message = folder.lock().unwrap_err().to_string();
        assert!(message.contains(&parent.path().display().to_string()), "{message}");
        assert!(message.contains(&std::process::id().to_string()), "{message}");
        drop(first);
        folder.lock().unwrap();
    }
}
