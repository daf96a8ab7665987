//! Going through a workspace while a program may be changing it: by open folders and never through a link, so that none
//! leads out of it.

use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, openat, statat};
use rustix::io;

/// Folders below folders; what lies deeper is left alone.
const DEEPEST: usize = 128;

/// Something in a folder.
pub(crate) struct Entry<'a> {
    /// The folder, open.
    pub(crate) folder: BorrowedFd<'a>,
    /// Its name there.
    pub(crate) name: &'a CStr,
    /// Its path from where the walk began.
    pub(crate) path: &'a Path,
    /// Of itself, if it is a link.
    pub(crate) stat: &'a Stat,
}

/// Visits everything below `root`, folders before what is in them. What comes or goes meanwhile may be missed.
///
/// # Errors
/// When `root` is no folder, or a folder's list breaks off.
pub(crate) fn walk(root: &Path, visit: &mut dyn FnMut(Entry<'_>)) -> io::Result<()> {
    let folder = openat(CWD, root, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    walk_below(folder.as_fd(), &mut PathBuf::new(), DEEPEST, visit)
}

fn walk_below(
    folder: BorrowedFd<'_>,
    path: &mut PathBuf,
    deepest: usize,
    visit: &mut dyn FnMut(Entry<'_>),
) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Ok(stat) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        path.push(OsStr::from_bytes(name.to_bytes()));
        visit(Entry { folder, name, path, stat: &stat });
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory && deepest > 0 {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if let Ok(below) = openat(folder, name, flags, Mode::empty()) {
                walk_below(below.as_fd(), path, deepest - 1, visit)?;
            }
        }
        path.pop();
    }
    Ok(())
}
