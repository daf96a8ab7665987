//! Going through a workspace while a program may be changing it: by open folders and never through a link, so that none
//! leads out of it.
//!
//! Used on both sides: the worker looks for what a program wrote, and the server measures how much a workspace holds.
#![warn(missing_docs)]

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
pub struct Entry<'a> {
    /// The folder, open.
    pub folder: BorrowedFd<'a>,
    /// Its name there.
    pub name: &'a CStr,
    /// Its path from where the walk began.
    pub path: &'a Path,
    /// Of itself, if it is a link.
    pub stat: &'a Stat,
    /// It is a folder that lies too deep: nobody looks what is in it.
    pub is_left_alone: bool,
}

/// Visits everything below `root`, folders before what is in them, until a visit breaks it off. What comes or goes meanwhile
/// may be missed.
///
/// # Errors
/// When `root` is no folder.
pub fn walk(root: &Path, visit: &mut dyn FnMut(Entry<'_>) -> ControlFlow<()>) -> io::Result<()> {
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
pub fn open_folder(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    match openat(parent, name, FOLDER, Mode::empty()) {
        Err(io::Errno::ACCESS) => openat(open_to_its_owner(parent, name)?, c".", FOLDER, Mode::empty()),
        opened => opened,
    }
}

/// Lets the owner of a folder read, write and pass. Gives it as a place, not to be read.
///
/// # Errors
/// It is not there, no folder, or somebody else's.
pub fn open_to_its_owner(parent: BorrowedFd<'_>, name: impl Arg) -> io::Result<OwnedFd> {
    let place = openat(parent, name, FOLDER | OFlags::PATH, Mode::empty())?;
    // By its number: no name that is looked up once more could be a link by then.
    chmod(format!("/proc/self/fd/{}", place.as_raw_fd()), Mode::RWXU)?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn names(root: &Path, most: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut visit = |entry: Entry<'_>| {
            names.push(entry.path.display().to_string());
            if names.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        walk(root, &mut visit).unwrap();
        names.sort();
        names
    }

    #[test]
    fn links_are_visited_and_never_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "").unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("a/b/file"), "").unwrap();
        symlink(outside.path(), root.path().join("a/link")).unwrap();
        assert_eq!(names(root.path(), usize::MAX), ["a", "a/b", "a/b/file", "a/link"]);
        let refused = walk(&root.path().join("a/link"), &mut |_| ControlFlow::Continue(()));
        assert!(refused.is_err(), "the root was a link and was followed");
    }

    #[test]
    fn a_visit_that_breaks_off_ends_the_walk_from_any_depth() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["a", "b", "c"] {
            fs::create_dir_all(root.path().join(folder).join("d/e")).unwrap();
        }
        assert_eq!(names(root.path(), 3).len(), 3);
    }
}
