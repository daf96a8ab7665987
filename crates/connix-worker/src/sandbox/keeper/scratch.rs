//! Folders that live as long as a program: its temporary files, and where its view of the file system is put together.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use rustix::fs::{FlockOperation, OFlags, flock};

use super::removal::remove;

/// Where the folders are made.
const PARENT: &str = "/tmp";
/// What their names begin with; 16 digits follow.
const NAME: &str = "connix-program-";

/// The folders; gone when dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Held as long as the keeper lives, and by nobody else: the kernel lets go of it, however the keeper ends.
    _lock: File,
}

impl Scratch {
    /// Makes them, for `user` if there is one of its own.
    pub(super) fn create(user: Option<u32>) -> io::Result<Self> {
        let scratch = Self::private()?;
        DirBuilder::new().mode(0o755).create(scratch.root())?;
        for folder in [scratch.temporary(), scratch.shared_memory()] {
            DirBuilder::new().mode(0o700).create(&folder)?;
            chown(&folder, user, user)?;
        }
        Ok(scratch)
    }

    /// A new folder that others may pass through, but not list.
    fn private() -> io::Result<Self> {
        loop {
            let path = Path::new(PARENT).join(format!("{NAME}{:016x}", rand::random::<u64>()));
            match DirBuilder::new().mode(0o711).create(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made?;
                    // Whoever looks for what was left may have been faster, and taken it for that.
                    if let Some(lock) = locked(&path) {
                        return Ok(Self { path, _lock: lock });
                    }
                }
            }
        }
    }

    /// All of them.
    pub(super) fn folder(&self) -> &Path {
        &self.path
    }

    /// For the program's temporary files.
    pub(super) fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// For what it shares between its processes (`/dev/shm`).
    pub(super) fn shared_memory(&self) -> PathBuf {
        self.path.join("shm")
    }

    /// To mount its file system on.
    pub(super) fn root(&self) -> PathBuf {
        self.path.join("root")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell; what remains is removed with what other keepers have left.
        let _ = remove(&self.path);
    }
}

/// Removes what keepers of this user have left that were killed.
pub(super) fn remove_what_was_left() {
    let is_name = |name: &str| {
        let digits = name.strip_prefix(NAME).unwrap_or_default();
        digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    for entry in fs::read_dir(PARENT).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_name) {
            // As long as it is locked here, no new keeper takes it for its own.
            if let Some(_lock) = locked(&entry.path()) {
                let _ = remove(&entry.path());
            }
        }
    }
}

/// The lock of a folder of this user's; `None` when a keeper has it, or when it is gone.
fn locked(folder: &Path) -> Option<File> {
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits();
    let file = File::options().read(true).custom_flags(flags.cast_signed()).open(folder).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    let is_own = file.metadata().is_ok_and(|found| found.uid() == geteuid().as_raw() && found.nlink() > 0);
    is_own.then_some(file)
}
