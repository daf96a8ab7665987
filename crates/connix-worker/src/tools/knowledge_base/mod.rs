//! `knowledge_base`: full-text search over the workspace's `knowledge/` folder.
//!
//! The index is kept in the workspace's own `.connix` folder, the one place that a confined child may write to and that
//! lasts. It is brought up to date with the files before each search, and made anew when it cannot be read.

mod documents;
mod index;
mod text;

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::ToolError;
use super::arguments::{self, Arguments};
use super::own_program::object;

const MOST_RESULTS: usize = 20;
const USUAL_RESULTS: usize = 5;
const LONGEST_QUERY: usize = 1000;

/// To the model.
pub(super) const DESCRIPTION: &str = "Search the documents in the workspace's knowledge/ folder (md, txt, html, csv, \
    json). Returns the passages that fit the words of the query best, with the document's path and a snippet.";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    query: String,
    #[serde(default)]
    limit: Option<usize>,
}

/// JSON schema of the arguments.
pub(super) fn parameters() -> Value {
    let properties = json!({
        "query": {"type": "string", "description": "Words to look for", "maxLength": LONGEST_QUERY},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_RESULTS, "description": "How many passages"}
    });
    object(properties, &["query"])
}

/// Runs a call.
///
/// # Errors
/// For the model.
pub(super) fn run(arguments: &Arguments, workspace: &Path) -> Result<Value, ToolError> {
    let asked: Asked = arguments::read(arguments)?;
    if asked.query.trim().is_empty() || asked.query.chars().count() > LONGEST_QUERY {
        return Err(ToolError::invalid_arguments(format!("query must have 1 to {LONGEST_QUERY} characters")));
    }
    let limit = asked.limit.unwrap_or(USUAL_RESULTS).clamp(1, MOST_RESULTS);
    index::search(workspace, &asked.query, limit)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(&folder, path, text);
        }
        folder
    }

    fn write(folder: &tempfile::TempDir, path: &str, text: &str) {
        let path = folder.path().join("knowledge").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn search(folder: &tempfile::TempDir, query: &str) -> Value {
        run(json!({"query": query}).as_object().unwrap(), folder.path()).unwrap()
    }

    fn paths(result: &Value) -> Vec<&str> {
        result["results"].as_array().unwrap().iter().map(|found| found["path"].as_str().unwrap()).collect()
    }

    #[test]
    fn the_best_fitting_document_comes_first_with_its_snippet() {
        let folder = workspace(&[
            ("refunds.md", "# Refunds\n\nA refund is paid within fourteen days of the return."),
            ("faq/shipping.html", "<html><style>p {}</style><p>We ship within <b>two days</b>.</p></html>"),
            ("prices.csv", "plan,price\npro,49\n"),
        ]);
        let result = search(&folder, "When is a refund paid?");
        assert_eq!(result["documents_indexed"], 3);
        assert_eq!(paths(&result)[0], "knowledge/refunds.md");
        assert!(result["results"][0]["snippet"].as_str().unwrap().contains("fourteen days"), "{result}");
        let shipping = search(&folder, "shipping days");
        assert_eq!(paths(&shipping)[0], "knowledge/faq/shipping.html");
        assert!(!shipping.to_string().contains("<b>"), "{shipping}");
    }

    #[test]
    fn an_empty_base_says_so() {
        let result = search(&workspace(&[]), "anything");
        assert_eq!((&result["documents_indexed"], &result["results"]), (&json!(0), &json!([])));
        assert_eq!(result["note"], "0 documents indexed: put documents into the workspace's knowledge/ folder");
    }

    #[test]
    fn changes_additions_and_removals_are_seen_by_the_next_search() {
        let folder = workspace(&[("a.txt", "apples"), ("b.txt", "bananas")]);
        assert_eq!(paths(&search(&folder, "apples")), ["knowledge/a.txt"]);
        write(&folder, "a.txt", "cherries now");
        write(&folder, "c.txt", "more apples");
        fs::remove_file(folder.path().join("knowledge/b.txt")).unwrap();
        assert_eq!(paths(&search(&folder, "apples")), ["knowledge/c.txt"]);
        assert_eq!(paths(&search(&folder, "cherries")), ["knowledge/a.txt"]);
        let gone = search(&folder, "bananas");
        assert_eq!((paths(&gone).len(), &gone["documents_indexed"]), (0, &json!(2)));
    }

    #[test]
    fn only_what_has_changed_is_indexed_again() {
        let folder = workspace(&[("a.txt", "apples"), ("b.txt", "bananas")]);
        assert_eq!(search(&folder, "apples")["documents_updated"], 2);
        assert_eq!(search(&folder, "apples")["documents_updated"], 0);
        write(&folder, "b.txt", "berries, which are longer");
        assert_eq!(search(&folder, "apples")["documents_updated"], 1);
    }

    #[test]
    fn whatever_a_user_types_is_words_and_no_query_language() {
        let folder = workspace(&[("a.txt", "the quick fox")]);
        for query in [
            "\"",
            "fox OR",
            "NEAR(",
            "a* AND -b",
            "path:fox",
            "(((",
            "'; DROP TABLE chunks; --",
            "fox\"quick",
            "???",
            "日本",
        ] {
            search(&folder, query);
        }
        assert_eq!(paths(&search(&folder, "path:fox")), ["knowledge/a.txt"]);
    }

    #[test]
    fn an_index_that_cannot_be_read_is_made_anew() {
        let folder = workspace(&[("a.txt", "apples")]);
        search(&folder, "apples");
        fs::write(
            folder.path().join(".connix/knowledge.sqlite3"),
            "this is no database, however long it may be".repeat(99),
        )
        .unwrap();
        assert_eq!(paths(&search(&folder, "apples")), ["knowledge/a.txt"]);
    }

    #[test]
    fn links_are_not_followed_and_other_files_left_alone() {
        let folder = workspace(&[("a.txt", "apples")]);
        fs::write(folder.path().join("secret.txt"), "apples too").unwrap();
        std::os::unix::fs::symlink("../secret.txt", folder.path().join("knowledge/link.txt")).unwrap();
        fs::write(folder.path().join("knowledge/picture.png"), "apples").unwrap();
        assert_eq!(paths(&search(&folder, "apples")), ["knowledge/a.txt"]);
    }
}
