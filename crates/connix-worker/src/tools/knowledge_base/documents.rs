//! Which documents there are, and what they say.

use std::ops::ControlFlow;
use std::path::Path;

use connix_folder_walk::{Entry, walk};
use rustix::fs::FileType;

use super::super::ToolError;
use super::super::workspace_files::WorkspaceFiles;
use super::text;

/// The folder in the workspace.
const FOLDER: &str = "knowledge";
/// Kinds of files that are read.
const ENDINGS: &[&str] = &["md", "markdown", "txt", "html", "htm", "csv", "tsv", "json", "jsonl"];
const MOST_DOCUMENTS: usize = 10_000;
const LARGEST: u64 = 4 << 20;

/// A document as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// From the workspace: `knowledge/faq.md`.
    pub(super) path: String,
    pub(super) size: i64,
    /// Nanoseconds of its last change.
    pub(super) changed: i64,
}

/// All documents that can be read, by path; and how many had to be left out.
pub(super) fn found(workspace: &Path) -> (Vec<Document>, usize) {
    let (mut documents, mut left_out) = (Vec::new(), 0);
    // A folder that is missing, or no folder, holds nothing.
    let _ = walk(&workspace.join(FOLDER), &mut |entry| {
        if let Some(document) = document(&entry) {
            if documents.len() == MOST_DOCUMENTS || u64::try_from(document.size).unwrap_or(u64::MAX) > LARGEST {
                left_out += 1;
            } else {
                documents.push(document);
            }
        }
        ControlFlow::Continue(())
    });
    documents.sort_by(|one, other| one.path.cmp(&other.path));
    (documents, left_out)
}

/// What the tool can read, of whatever size.
fn document(entry: &Entry<'_>) -> Option<Document> {
    let ending = entry.path.extension()?;
    let wanted = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    if !wanted || FileType::from_raw_mode(entry.stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let nanoseconds = i64::try_from(entry.stat.st_mtime_nsec).unwrap_or(0);
    let changed = entry.stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(nanoseconds);
    Some(Document { path: format!("{FOLDER}/{}", entry.path.to_str()?), size: entry.stat.st_size, changed })
}

/// A document's bytes; `None` when it is gone or cannot be read any more.
pub(super) fn bytes(files: &WorkspaceFiles, document: &Document) -> Option<Vec<u8>> {
    files.read(&document.path, LARGEST).ok()
}

/// The words of a document, whatever it is written in.
pub(super) fn words(document: &Document, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let html = document.path.ends_with(".html") || document.path.ends_with(".htm");
    if html { text::of_html(&text) } else { text.into_owned() }
}

/// The workspace's files.
pub(super) fn files(workspace: &Path) -> Result<WorkspaceFiles, ToolError> {
    WorkspaceFiles::open(workspace)
}
