//! Folders that live as long as a program: its temporary files, and where its view of the file system is put together.

use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};

/// Where the folders are made.
const PARENT: &str = "/tmp";

/// The folders; gone when dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes them, for `user` if there is one of its own.
    pub(super) fn create(user: Option<u32>) -> io::Result<Self> {
        let scratch = Self(private_folder()?);
        DirBuilder::new().mode(0o755).create(scratch.root())?;
        for folder in [scratch.temporary(), scratch.shared_memory()] {
            DirBuilder::new().mode(0o700).create(&folder)?;
            chown(&folder, user, user)?;
        }
        Ok(scratch)
    }

    /// For the program's temporary files.
    pub(super) fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }

    /// For what it shares between its processes (`/dev/shm`).
    pub(super) fn shared_memory(&self) -> PathBuf {
        self.0.join("shm")
    }

    /// To mount its file system on.
    pub(super) fn root(&self) -> PathBuf {
        self.0.join("root")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell; what remains lies where temporary files do.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A new folder that others may pass through, but not list.
fn private_folder() -> io::Result<PathBuf> {
    loop {
        let path = Path::new(PARENT).join(format!("connix-{:016x}", rand::random::<u64>()));
        match DirBuilder::new().mode(0o711).create(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path),
        }
    }
}
