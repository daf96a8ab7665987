//! Removing what a program has left, whatever it has made of it: folders of any depth, folders that it has closed.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use connix_folder_walk::open_to_its_owner;
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, rmdir, unlinkat};
use rustix::io::{self, Errno};

/// Removes a folder with all that is in it. No process may be at work there. However deep it is, two folders are open at a time:
/// the way back is by `..`.
///
/// # Errors
/// What the system says; a part is left then.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    let mut here = opened(CWD, folder)?;
    let (mut way, mut left) = (Vec::new(), vec![emptied_of_files(&here)?]);
    while let Some(folders) = left.last_mut() {
        if let Some(name) = folders.pop() {
            here = opened(here.as_fd(), name.as_c_str())?;
            left.push(emptied_of_files(&here)?);
            way.push(name);
            continue;
        }
        left.pop();
        if let Some(name) = way.pop() {
            here = openat(here, c"..", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            unlinkat(&here, &name, AtFlags::REMOVEDIR)?;
        }
    }
    rmdir(folder)
}

/// Removes the files of a folder and what of its folders is empty; gives the others.
fn emptied_of_files(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut left = Vec::new();
    for name in names(folder)? {
        if !is_removed(folder, &name)? {
            left.push(name);
        }
    }
    Ok(left)
}

/// Removes a file or an empty folder. False when it is a folder with something in it.
fn is_removed(folder: &OwnedFd, name: &CString) -> io::Result<bool> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => {}
        removed => return removed.map(|()| true),
    }
    match unlinkat(folder, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        removed => removed.map(|()| true),
    }
}

fn opened(parent: BorrowedFd<'_>, name: impl rustix::path::Arg) -> io::Result<OwnedFd> {
    let place = open_to_its_owner(parent, name)?;
    openat(place, c".", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let entries = Dir::read_from(folder)?.map(|entry| Ok(entry?.file_name().to_owned()));
    let others = |name: &io::Result<CString>| !matches!(name.as_deref().map(|n| n.to_bytes()), Ok(b"." | b".."));
    entries.filter(others).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::mkdirat;

    use super::*;

    #[test]
    fn closed_folders_deep_ones_and_links_are_removed_and_what_links_lead_to_is_not() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("folder");
        fs::create_dir_all(folder.join("a/b/c")).unwrap();
        fs::create_dir(around.path().join("kept")).unwrap();
        fs::write(around.path().join("kept/file"), "").unwrap();
        symlink(around.path().join("kept"), folder.join("a/link")).unwrap();
        fs::write(folder.join("a/b/c/file"), "").unwrap();
        for closed in ["a/b/c", "a/b", "a"] {
            fs::set_permissions(folder.join(closed), fs::Permissions::from_mode(0o0)).unwrap();
        }
        // Longer than any path may be.
        let mut deep = openat(CWD, &folder, OFlags::DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..1000 {
            mkdirat(&deep, "deep", Mode::RWXU).unwrap();
            deep = openat(&deep, "deep", OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
        remove(&folder).unwrap();
        assert!(!folder.exists() && around.path().join("kept/file").exists());
    }
}
