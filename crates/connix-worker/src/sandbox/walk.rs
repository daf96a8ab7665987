//! Going through a workspace while a program may be changing it: by open folders and never through a link, so that none
//! leads out of it.

use std::ffi::{CStr, OsStr};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, chmod, openat, statat};
use rustix::io;
use rustix::path::Arg;

/// Folders below folders; what lies deeper is left alone.
const DEEPEST: usize = 128;

/// A folder itself, not what a link leads to.
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

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
    /// It is a folder that lies too deep: nobody looks what is in it.
    pub(crate) is_left_alone: bool,
}

/// Visits everything below `root`, folders before what is in them, until a visit breaks it off. What comes or goes meanwhile
/// may be missed.
///
/// # Errors
/// When `root` is no folder.
pub(crate) fn walk(root: &Path, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> io::Result<()> {
    let folder = openat(CWD, root, FOLDER, Mode::empty())?;
    let _ = walk_below(folder.as_fd(), &mut PathBuf::new(), DEEPEST, visit)?;
    Ok(())
}

fn walk_below(
    folder: BorrowedFd<'_>,
    path: &mut PathBuf,
    deepest: usize,
    visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    // A list breaks off when its folder is removed.
    for entry in Dir::read_from(folder)?.map_while(Result::ok) {
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Ok(stat) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        path.push(OsStr::from_bytes(name.to_bytes()));
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        let mut course = visit(Entry { folder, name, path, stat: &stat, is_left_alone: is_folder && deepest == 0 });
        if is_folder && deepest > 0 && course.is_continue() {
            // One that has gone meanwhile, or belongs to somebody else, is left out.
            let below = open_folder(folder, name).and_then(|below| walk_below(below.as_fd(), path, deepest - 1, visit));
            course = below.unwrap_or(ControlFlow::Continue(()));
        }
        path.pop();
        if course.is_break() {
            return Ok(course);
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Opens a folder to be read. A program may have closed it to its own user, who is this process's too: then it is opened to that
/// user again.
///
/// # Errors
/// It is not there, no folder, or somebody else's.
pub(crate) fn open_folder(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    match openat(parent, name, FOLDER, Mode::empty()) {
        Err(io::Errno::ACCESS) => openat(open_to_its_owner(parent, name)?, c".", FOLDER, Mode::empty()),
        opened => opened,
    }
}

/// Lets the owner of a folder read, write and pass. Gives it as a place, not to be read.
///
/// # Errors
/// It is not there, no folder, or somebody else's.
pub(crate) fn open_to_its_owner(parent: BorrowedFd<'_>, name: impl Arg) -> io::Result<OwnedFd> {
    let place = openat(parent, name, FOLDER | OFlags::PATH, Mode::empty())?;
    // By its number: no name that is looked up once more could be a link by then.
    chmod(format!("/proc/self/fd/{}", place.as_raw_fd()), Mode::RWXU)?;
    Ok(place)
}
