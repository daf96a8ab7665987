//! Makes a workspace the program's own: what others put there, such as an upload, the program may change.

use std::ops::ControlFlow;
use std::path::Path;

use connix_folder_walk::walk;
use rustix::fs::{AtFlags, CWD, chownat};
use rustix::io;
use rustix::process::{Gid, Uid};

/// Gives everything in `folder` to the user and the group of this number.
pub(super) fn hand_over(folder: &Path, user: u32) -> io::Result<()> {
    let (owner, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(user)));
    chownat(CWD, folder, owner, group, AtFlags::SYMLINK_NOFOLLOW)?;
    walk(folder, &mut |entry| {
        if entry.stat.st_uid != user {
            // What has gone meanwhile needs no owner.
            let _ = chownat(entry.folder, entry.name, owner, group, AtFlags::SYMLINK_NOFOLLOW);
        }
        ControlFlow::Continue(())
    })
}
