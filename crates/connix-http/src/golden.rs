//! Committed files that tests print: a difference fails, and `UPDATE_GOLDEN=1` writes the new text.

use std::path::Path;

/// Compares `printed` with the file at `path` from the repository's root.
pub(crate) fn assert_committed(path: &str, printed: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not a setting of the service")]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, printed).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == printed, "{path} is not what this test prints; UPDATE_GOLDEN=1 cargo test rewrites it");
}
