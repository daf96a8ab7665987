//! The index: an FTS5 table of passages, kept equal to the documents.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::ToolError;
use super::super::workspace_files::WorkspaceFiles;
use super::documents::{self, Document};
use super::text;

/// Most words of a query that count.
const MOST_WORDS: usize = 32;
/// Words around a hit.
const SNIPPET_WORDS: u32 = 48;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS documents (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, changed INTEGER NOT NULL, sha256 BLOB NOT NULL
    );
    CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5 (
        title, text, document UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2'
    );";

/// Brings the index up to date and searches it.
pub(super) fn search(workspace: &Path, query: &str, limit: usize) -> Result<Value, ToolError> {
    let place = place(workspace)?;
    let tried = attempt(workspace, &place, query, limit);
    // What is no database, or one of another making, is worth nothing.
    let result = tried.or_else(|_| {
        let _ = fs::remove_file(&place);
        attempt(workspace, &place, query, limit)
    });
    result.map_err(|error| ToolError::new("index_failed", format!("The index of the knowledge base: {error}")))
}

/// Where the index is kept.
fn place(workspace: &Path) -> Result<PathBuf, ToolError> {
    let failed = |error: std::io::Error| ToolError::new("index_failed", format!("The index cannot be kept: {error}"));
    let folder = workspace.canonicalize().map_err(failed)?.join(".connix");
    fs::create_dir_all(&folder).map_err(failed)?;
    Ok(folder.join("knowledge.sqlite3"))
}

fn attempt(workspace: &Path, place: &Path, query: &str, limit: usize) -> rusqlite::Result<Value> {
    // NOFOLLOW: the model's programs can write there too, a link for instance.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut database = Connection::open_with_flags(place, flags)?;
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    database.pragma_update(None, "trusted_schema", false)?;
    let (updated, left_out) = bring_up_to_date(&mut database, workspace)?;
    let documents: i64 = database.query_row("SELECT COUNT(*) FROM documents", [], |row| row.get(0))?;
    let mut result = json!({"documents_indexed": documents, "documents_updated": updated});
    result["results"] = hits(&database, query, limit)?.into();
    if documents == 0 {
        result["note"] = "0 documents indexed: put documents into the workspace's knowledge/ folder".into();
    } else if left_out > 0 {
        result["note"] = format!("{left_out} documents are too large, or too many, and not indexed").into();
    }
    Ok(result)
}

/// How many documents were indexed anew, and how many left out.
fn bring_up_to_date(database: &mut Connection, workspace: &Path) -> rusqlite::Result<(usize, usize)> {
    let transaction = database.transaction()?;
    transaction.execute_batch(TABLES)?;
    let mut known = known(&transaction)?;
    let (found, left_out) = documents::found(workspace);
    let files = documents::files(workspace).map_err(|error| other(&error.detail))?;
    let mut updated = 0;
    for document in &found {
        if known.remove(&document.path) != Some((document.size, document.changed)) {
            updated += usize::from(take_up(&transaction, &files, document)?);
        }
    }
    for gone in known.keys() {
        forget(&transaction, gone)?;
    }
    transaction.commit()?;
    Ok((updated, left_out))
}

fn known(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeMap<String, (i64, i64)>> {
    let mut statement = transaction.prepare("SELECT path, size, changed FROM documents")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    rows.collect()
}

/// Indexes a document, unless its bytes are those that are indexed already.
fn take_up(transaction: &Transaction<'_>, files: &WorkspaceFiles, document: &Document) -> rusqlite::Result<bool> {
    let Some(bytes) = documents::bytes(files, document) else {
        forget(transaction, &document.path)?;
        return Ok(false);
    };
    let digest = Sha256::digest(&bytes).to_vec();
    let same = "UPDATE documents SET size = ?2, changed = ?3 WHERE path = ?1 AND sha256 = ?4";
    if transaction.execute(same, params![document.path, document.size, document.changed, digest])? == 1 {
        return Ok(false);
    }
    forget(transaction, &document.path)?;
    let new = "INSERT INTO documents (path, size, changed, sha256) VALUES (?, ?, ?, ?) RETURNING id";
    let values = params![document.path, document.size, document.changed, digest];
    let id: i64 = transaction.query_row(new, values, |row| row.get(0))?;
    let words = documents::words(document, &bytes);
    let mut insert = transaction.prepare("INSERT INTO passages (title, text, document) VALUES (?, ?, ?)")?;
    for passage in text::passages(&words) {
        insert.execute(params![document.path, passage, id])?;
    }
    Ok(true)
}

fn forget(transaction: &Transaction<'_>, path: &str) -> rusqlite::Result<()> {
    let id: Option<i64> =
        transaction.query_row("SELECT id FROM documents WHERE path = ?", [path], |row| row.get(0)).optional()?;
    if let Some(id) = id {
        transaction.execute("DELETE FROM passages WHERE document = ?", [id])?;
        transaction.execute("DELETE FROM documents WHERE id = ?", [id])?;
    }
    Ok(())
}

fn hits(database: &Connection, query: &str, limit: usize) -> rusqlite::Result<Vec<Value>> {
    let Some(words) = words(query) else { return Ok(Vec::new()) };
    let mut statement = database.prepare(
        "SELECT title, snippet(passages, 1, '', '', '…', ?2), bm25(passages, 2.0, 1.0) FROM passages
         WHERE passages MATCH ?1 ORDER BY bm25(passages, 2.0, 1.0), rowid LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![words, SNIPPET_WORDS, limit], |row| {
        let (path, snippet, rank): (String, String, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(json!({"path": path, "snippet": snippet, "score": -rank}))
    })?;
    rows.collect()
}

/// A user's text as words to look for, each quoted: nothing in it is an operator. `None` when it has no word.
fn words(query: &str) -> Option<String> {
    let words = query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let quoted: Vec<_> = words.take(MOST_WORDS).map(|word| format!("\"{word}\"")).collect();
    (!quoted.is_empty()).then(|| quoted.join(" OR "))
}

fn other(why: &str) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_words() {
        assert_eq!(words("a AND \"b\"* -c"), Some(r#""a" OR "AND" OR "b" OR "c""#.to_owned()));
        assert_eq!(words(" ?! "), None);
    }
}
