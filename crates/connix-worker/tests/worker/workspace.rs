//! Where the programs of a test work.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

/// A folder with an empty `workspace` in it.
pub(crate) fn folder_with_workspace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Without a namespace a user of its own must come past here.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    fs::create_dir(folder.path().join("workspace")).unwrap();
    folder
}
