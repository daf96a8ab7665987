//! How much a program keeps on disk. What has no limit of its own in the kernel is looked at: often at what is free, which costs
//! nothing, and at every file only when so much of that is gone that the program could have it.

use std::collections::HashSet;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use connix_folder_walk::walk;
use connix_worker_protocol::sandbox::ProgramLimits;
use nix::sys::statvfs::statvfs;
use rustix::fs::FileType;

use super::scratch::Scratch;
use super::tree::Process;

/// Between two looks at all files, though nothing seems to be used.
const LONGEST: Duration = Duration::from_secs(5);
/// So many times as long as a look took passes until the next one.
const REST: u32 = 5;

/// Bytes on disk, and files and folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Amount {
    bytes: u64,
    entries: u64,
}

/// The folders that a program may write to.
pub(super) struct Storage {
    workspace: Area,
    temporary: Area,
    is_full: bool,
}

impl Storage {
    /// Before the program begins.
    ///
    /// # Errors
    /// In words: the workspace holds so much that not even a program that only removes is let in.
    pub(super) fn of(workspace: &Path, scratch: &Scratch, limits: &ProgramLimits) -> Result<Self, String> {
        let quota = Amount { bytes: limits.workspace_bytes, entries: limits.workspace_files };
        let mut area = Area::new(workspace.to_owned(), quota.doubled());
        if area.is_over(&[]) {
            return Err(format!(
                "the workspace {} holds more than twice what it may, which is {} bytes in {} files and folders: remove \
                 some, or work in a folder of its own",
                workspace.display(),
                quota.bytes,
                quota.entries
            ));
        }
        let is_full = area.seen.used.is_at_least(quota);
        // One that is full already may not become fuller.
        area.most = quota.or_more(area.seen.used);
        let bytes = limits.temporary_mib.saturating_mul(1 << 20);
        let most = Amount { bytes, entries: limits.workspace_files };
        Ok(Self { workspace: area, temporary: Area::new(scratch.folder().to_owned(), most), is_full })
    }

    /// The workspace held as much as it may before the program began.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether the program keeps more than it may. `processes` are its own.
    pub(super) fn overflows(&mut self, processes: &dyn Fn() -> Vec<Process>) -> bool {
        [&mut self.workspace, &mut self.temporary].into_iter().any(|area| area.is_due() && area.is_over(&processes()))
    }
}

/// One of them.
struct Area {
    folder: PathBuf,
    most: Amount,
    seen: Look,
}

/// What a look at all files has found.
struct Look {
    used: Amount,
    /// On the file system, for all who use it.
    free: Amount,
    at: Instant,
    took: Duration,
}

impl Area {
    fn new(folder: PathBuf, most: Amount) -> Self {
        let nothing = Amount { bytes: 0, entries: 0 };
        let seen = Look { used: nothing, free: free(&folder), at: Instant::now(), took: Duration::ZERO };
        Self { folder, most, seen }
    }

    /// Whether it is time to look at all files: so much has been used, by whomever, that it could be too much. Others may give
    /// back meanwhile what the program takes, so it is looked at now and then in any case.
    fn is_due(&self) -> bool {
        let since = self.seen.at.elapsed();
        if since < self.seen.took * REST {
            return false;
        }
        let (left, free) = (self.most.without(self.seen.used), free(&self.folder));
        let gone = self.seen.free.without(free);
        since > LONGEST || gone.bytes > left.bytes || gone.entries > left.entries
    }

    /// Looks at all files, those too that have no name any more.
    fn is_over(&mut self, processes: &[Process]) -> bool {
        let (at, free) = (Instant::now(), free(&self.folder));
        let (mut used, most) = (nameless(processes), self.most);
        let (mut linked, mut is_too_deep) = (HashSet::new(), false);
        let walked = walk(&self.folder, &mut |entry| {
            let stat = entry.stat;
            is_too_deep |= entry.is_left_alone;
            used.entries += 1;
            let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            if is_folder || stat.st_nlink < 2 || linked.insert((stat.st_dev, stat.st_ino)) {
                used.bytes = used.bytes.saturating_add(on_disk(stat.st_blocks.max(0).unsigned_abs()));
            }
            let goes_on = !is_too_deep && most.holds(used);
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.seen = Look { used, free, at, took: at.elapsed() };
        // Of a folder that is not there nobody knows anything; the program has no other.
        walked.is_ok() && (is_too_deep || !most.holds(used))
    }
}

impl Amount {
    fn doubled(self) -> Self {
        Self { bytes: self.bytes.saturating_mul(2), entries: self.entries.saturating_mul(2) }
    }

    fn or_more(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), entries: self.entries.max(other.entries) }
    }

    fn without(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_sub(other.bytes), entries: self.entries.saturating_sub(other.entries) }
    }

    fn holds(self, other: Self) -> bool {
        other.bytes <= self.bytes && other.entries <= self.entries
    }

    /// In one of the two.
    fn is_at_least(self, other: Self) -> bool {
        self.bytes >= other.bytes || self.entries >= other.entries
    }
}

/// What is free on a file system; nothing, where it does not say.
fn free(folder: &Path) -> Amount {
    statvfs(folder).map_or(Amount { bytes: 0, entries: 0 }, |found| Amount {
        bytes: found.blocks_free().saturating_mul(found.fragment_size()),
        entries: found.files_free(),
    })
}

/// Files that were removed and are open still.
fn nameless(processes: &[Process]) -> Amount {
    let mut seen = HashSet::new();
    let mut found = Amount { bytes: 0, entries: 0 };
    let open = processes.iter().flat_map(Process::threads).filter_map(|thread| fs::read_dir(thread.join("fd")).ok());
    for file in open.flatten().flatten().filter_map(|entry| fs::metadata(entry.path()).ok()) {
        if file.is_file() && file.nlink() == 0 && seen.insert((file.dev(), file.ino())) {
            found = Amount { bytes: found.bytes + on_disk(file.blocks()), entries: found.entries + 1 };
        }
    }
    found
}

/// What `stat` counts in blocks.
fn on_disk(blocks: u64) -> u64 {
    blocks.saturating_mul(512)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(folder: &Path, bytes: u64, entries: u64) -> Area {
        Area::new(folder.to_owned(), Amount { bytes, entries })
    }

    #[test]
    fn bytes_files_and_depth_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), vec![1; 100_000]).unwrap();
        fs::hard_link(folder.path().join("file"), folder.path().join("again")).unwrap();
        assert!(!area(folder.path(), 150_000, 2).is_over(&[]), "a file with two names is there once");
        assert!(area(folder.path(), 50_000, 2).is_over(&[]));
        assert!(area(folder.path(), 150_000, 1).is_over(&[]));
        fs::create_dir_all(folder.path().join("a/".repeat(130))).unwrap();
        assert!(area(folder.path(), 1 << 40, 1 << 40).is_over(&[]), "what lies too deep is not looked at");
    }

    #[test]
    fn a_look_is_due_when_so_much_is_gone_that_it_could_be_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let mut area = area(folder.path(), 1 << 50, 1 << 50);
        assert!(!area.is_due());
        area.seen.free.bytes = u64::MAX;
        assert!(area.is_due());
        area.seen.took = Duration::from_secs(600);
        assert!(!area.is_due(), "looking takes its part of the time, not more");
    }
}
