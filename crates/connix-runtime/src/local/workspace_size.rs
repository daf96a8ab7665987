//! How much a folder holds. Programs change it while it is read, so links are never followed and what has gone is nothing.

use std::ops::ControlFlow;
use std::path::Path;

use connix_folder_walk::walk;
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

/// Of a folder with more files and folders than this nobody says how much it holds: looking would take too long.
const MOST_ENTRIES: usize = 100_000;

/// The bytes of the regular files in a folder and below it. A folder that is not there holds nothing; `None`: there are too
/// many files, or the folder cannot be read. What cannot be read below it is left out.
pub(super) fn bytes_below(folder: &Path) -> Option<u64> {
    bytes_of_at_most(MOST_ENTRIES, folder)
}

fn bytes_of_at_most(most: usize, folder: &Path) -> Option<u64> {
    let (mut bytes, mut entries) = (0, 0);
    let walked = walk(folder, &mut |entry| {
        entries += 1;
        bytes += bytes_of(entry.stat);
        if entries > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match walked {
        Err(Errno::NOENT) => Some(0),
        Err(_) => None,
        Ok(()) => (entries <= most).then_some(bytes),
    }
}

/// What a file takes: its length, but not the holes in it.
fn bytes_of(stat: &Stat) -> u64 {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return 0;
    }
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    unsigned(stat.st_size).min(unsigned(stat.st_blocks).saturating_mul(512))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_counted_and_links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("large"), vec![1; 100_000]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.path().join("one"), "12345").unwrap();
        fs::write(inner.join("two"), "1234567").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("large"), inner.join("file")).unwrap();
        assert_eq!(bytes_below(folder.path()), Some(12));
        assert_eq!(bytes_below(&folder.path().join("missing")), Some(0));
    }

    #[test]
    fn a_folder_that_was_replaced_by_a_link_is_not_measured() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("large"), vec![1; 100_000]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("workspace");
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        assert_eq!(bytes_below(&link), None);
    }

    #[test]
    fn holes_take_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("sparse")).unwrap();
        file.set_len(1 << 30).unwrap();
        assert!(bytes_below(folder.path()).unwrap() < 1 << 20);
    }

    #[test]
    fn of_too_many_files_nobody_says_how_much_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..10 {
            fs::write(folder.path().join(n.to_string()), "1").unwrap();
        }
        assert_eq!(bytes_of_at_most(10, folder.path()), Some(10));
        assert_eq!(bytes_of_at_most(9, folder.path()), None);
    }
}
