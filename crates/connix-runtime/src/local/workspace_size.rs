//! How much a folder holds. Tools change it while it is read, so links are never followed and what has gone is nothing.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The bytes of the regular files in a folder and below it. A folder that is not there holds nothing.
///
/// # Errors
/// What the system says of the folder itself; what cannot be read below it is left out.
pub(super) fn bytes_below(folder: &Path) -> io::Result<u64> {
    let mut waiting = vec![folder.to_path_buf()];
    let mut bytes = 0;
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        found => _ = found?,
    }
    while let Some(folder) = waiting.pop() {
        bytes += bytes_in(&folder, &mut waiting);
    }
    Ok(bytes)
}

/// The bytes of the files in one folder; the folders in it are put to those that wait.
fn bytes_in(folder: &Path, waiting: &mut Vec<PathBuf>) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut bytes = 0;
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => waiting.push(entry.path()),
            // metadata of the entry itself, not of what a link points to
            Ok(kind) if kind.is_file() => bytes += entry.metadata().map_or(0, |metadata| metadata.len()),
            Ok(_) | Err(_) => {}
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_and_links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("large"), vec![0; 100_000]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.path().join("one"), "12345").unwrap();
        fs::write(inner.join("two"), "1234567").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("large"), inner.join("file")).unwrap();
        assert_eq!(bytes_below(folder.path()).unwrap(), 12);
        assert_eq!(bytes_below(&folder.path().join("missing")).unwrap(), 0);
    }
}
