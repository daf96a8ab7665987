//! The file system as a program in a namespace sees it: a new root that holds what it may touch and nothing else, each
//! thing at the path it has outside.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{chdir, pivot_root};

use super::scratch::Scratch;
use super::surroundings::{DEVICES, SYSTEM, configuration, existing};

const NOTHING: Option<&str> = None;

/// Builds the root and goes there. `readable` are folders besides the system's own.
///
/// # Errors
/// In words. The process is of no more use then.
pub(super) fn enter(scratch: &Scratch, workspace: &Path, readable: &[PathBuf]) -> Result<(), String> {
    let root = scratch.root();
    // What is mounted from here on stays here.
    mounted("/", mount(NOTHING, "/", NOTHING, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NOTHING))?;
    let kind = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mounted("a new root", mount(NOTHING, &root, Some("tmpfs"), kind, Some("mode=0755,size=4m,nr_inodes=4096")))?;

    for path in existing(SYSTEM).iter().chain(&configuration()).chain(&existing(readable)) {
        show(path, path, &root, MsFlags::MS_RDONLY | kind)?;
    }
    for device in existing(DEVICES) {
        show(&device, &device, &root, MsFlags::MS_NOSUID)?;
    }
    show(&scratch.shared_memory(), Path::new("/dev/shm"), &root, kind)?;
    show(&scratch.temporary(), Path::new("/tmp"), &root, kind)?;
    show(workspace, workspace, &root, kind)?;

    go_to(&root).map_err(|error| format!("the new root cannot be entered: {error}"))
}

/// Mounts `source` at `target` below `root`; a link is made anew.
fn show(source: &Path, target: &Path, root: &Path, flags: MsFlags) -> Result<(), String> {
    let place = root.join(target.strip_prefix("/").unwrap_or(target));
    let in_words =
        |error: &dyn std::fmt::Display| format!("{} cannot be shown to a program: {error}", source.display());
    let kind = source.symlink_metadata().map_err(|error| in_words(&error))?.file_type();
    if let Some(parent) = place.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(parent).map_err(|error| in_words(&error))?;
    }
    if kind.is_symlink() {
        let to = fs::read_link(source).map_err(|error| in_words(&error))?;
        return symlink(to, &place).map_err(|error| in_words(&error));
    }
    if kind.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(&place).map_err(|error| in_words(&error))?;
    } else {
        OpenOptions::new().create(true).append(true).open(&place).map_err(|error| in_words(&error))?;
    }
    bind(source, &place, flags).map_err(|error| in_words(&error))
}

/// What a mount is not allowed to do, it must not be allowed by a new one either: in a user namespace the kernel insists.
fn bind(source: &Path, place: &Path, flags: MsFlags) -> nix::Result<()> {
    mount(Some(source), place, NOTHING, MsFlags::MS_BIND, NOTHING)?;
    let has = statvfs(place)?.flags();
    let kept = [
        (FsFlags::ST_RDONLY, MsFlags::MS_RDONLY),
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    let kept = kept.into_iter().filter(|(has_now, _)| has.contains(*has_now)).map(|(_, flag)| flag);
    let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | flags | kept.collect();
    mount(NOTHING, place, NOTHING, flags, NOTHING)
}

fn go_to(root: &Path) -> nix::Result<()> {
    chdir(root)?;
    // The old root lies over the new one for a moment, and is then taken away.
    pivot_root(".", ".")?;
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")?;
    let sealed = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(NOTHING, "/", NOTHING, sealed, Some("mode=0755,size=4m,nr_inodes=4096"))
}

fn mounted(what: &str, done: nix::Result<()>) -> Result<(), String> {
    done.map_err(|error| format!("{what} cannot be mounted: {error}"))
}
