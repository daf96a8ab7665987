//! Makes a workspace the program's own: what others put there, such as an upload, the program may change.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, chownat, openat, statat};
use rustix::io;
use rustix::process::{Gid, Uid};

/// Folders below folders; whoever nests deeper has them left as they are.
const DEEPEST: usize = 128;

/// Gives everything in `folder` to the user and the group of this number. No link is followed: a program that is running
/// there may put one anywhere at any time.
pub(super) fn hand_over(folder: &Path, user: u32) -> io::Result<()> {
    let root = openat(CWD, folder, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if rustix::fs::fstat(&root)?.st_uid != user {
        rustix::fs::fchown(&root, Some(Uid::from_raw(user)), Some(Gid::from_raw(user)))?;
    }
    hand_over_entries(root.as_fd(), user, DEEPEST)
}

fn hand_over_entries(folder: BorrowedFd<'_>, user: u32, deepest: usize) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        // What goes away meanwhile needs no owner.
        let Ok(found) = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        if found.st_uid != user {
            let (owner, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(user)));
            let _ = chownat(folder, name, owner, group, AtFlags::SYMLINK_NOFOLLOW);
        }
        if FileType::from_raw_mode(found.st_mode) == FileType::Directory && deepest > 0 {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if let Ok(below) = openat(folder, name, flags, Mode::empty()) {
                hand_over_entries(below.as_fd(), user, deepest - 1)?;
            }
        }
    }
    Ok(())
}
