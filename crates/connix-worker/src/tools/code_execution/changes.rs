//! Which files a program has changed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use connix_folder_walk::{Entry, walk};
use rustix::fs::FileType;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

/// Most files that are looked at; of a larger workspace no changes are told.
const MOST_FILES: usize = 20_000;
/// Most changes that are told.
const MOST_CHANGES: usize = 100;

/// The files of a workspace at one time; absent when they are too many or cannot be read.
pub(super) struct Changes {
    workspace: PathBuf,
    before: Option<Files>,
}

/// What changes when a file does, by its path: its number, length, and times of its content and of itself.
type Files = BTreeMap<PathBuf, (u64, i64, [i64; 2], [u64; 2])>;

impl Changes {
    pub(super) async fn since_now(workspace: &Path) -> Self {
        Self { workspace: workspace.to_owned(), before: look(workspace.to_owned()).await }
    }

    /// `{path, change}` each, `change` being `created`, `modified` or `deleted`; null when nobody knows.
    pub(super) async fn until_now(self) -> Value {
        match (self.before, look(self.workspace).await) {
            (Some(before), Some(after)) => compared(&before, &after),
            _ => Value::Null,
        }
    }
}

async fn look(workspace: PathBuf) -> Option<Files> {
    spawn_blocking(move || files(&workspace)).await.ok().flatten()
}

fn files(workspace: &Path) -> Option<Files> {
    let mut files = Files::new();
    let mut remember = |entry: Entry<'_>| {
        let stat = entry.stat;
        if files.len() > MOST_FILES {
            return ControlFlow::Break(());
        }
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            let times = ([stat.st_mtime, stat.st_ctime], [stat.st_mtime_nsec, stat.st_ctime_nsec]);
            files.insert(entry.path.to_owned(), (stat.st_ino, stat.st_size, times.0, times.1));
        }
        ControlFlow::Continue(())
    };
    walk(workspace, &mut remember).ok()?;
    (files.len() <= MOST_FILES).then_some(files)
}

fn compared(before: &Files, after: &Files) -> Value {
    let present = after.iter().filter_map(|(path, file)| match before.get(path) {
        None => Some((path, "created")),
        Some(earlier) if earlier != file => Some((path, "modified")),
        Some(_) => None,
    });
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| (path, "deleted"));
    let changes = present.chain(gone).take(MOST_CHANGES);
    changes.map(|(path, change)| json!({"path": path.to_string_lossy(), "change": change})).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn what_came_changed_and_went_is_told_and_the_rest_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("kept")).unwrap();
        for name in ["kept/same", "longer", "replaced", "gone"] {
            fs::write(path(name), "x").unwrap();
        }
        let changes = Changes::since_now(folder.path()).await;
        fs::write(path("longer"), "xx").unwrap();
        fs::remove_file(path("gone")).unwrap();
        fs::remove_file(path("replaced")).unwrap();
        fs::write(path("replaced"), "y").unwrap();
        fs::create_dir_all(path("new/below")).unwrap();
        fs::write(path("new/below/file"), "").unwrap();
        let expected = json!([
            {"path": "longer", "change": "modified"},
            {"path": "new/below/file", "change": "created"},
            {"path": "replaced", "change": "modified"},
            {"path": "gone", "change": "deleted"}
        ]);
        assert_eq!(changes.until_now().await, expected);
    }

    #[tokio::test]
    async fn a_link_is_a_file_and_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let changes = Changes::since_now(folder.path()).await;
        std::os::unix::fs::symlink("/usr", folder.path().join("usr")).unwrap();
        assert_eq!(changes.until_now().await, json!([{"path": "usr", "change": "created"}]));
    }
}
