//! `data_analysis`: describes tables in the workspace, and answers SQL queries about them.

mod describe;
mod query;
mod table;

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::ToolError;
use super::arguments::{self, Arguments};
use super::own_program::object;
use super::workspace_files::WorkspaceFiles;
pub(super) use table::{Cell, Table};

/// Most files of one query.
const MOST_FILES: usize = 8;

/// To the model.
pub(super) const DESCRIPTION: &str = "Analyse CSV and JSON Lines files of the workspace. action 'describe' gives each \
    column's type, missing values and, of numbers, min, max, mean, standard deviation and quartiles. action 'query' loads \
    the files as tables (named as the files, without folder and ending) and runs one SQLite SELECT statement; at most 200 rows.";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    action: Action,
    #[serde(alias = "file", deserialize_with = "one_or_many")]
    files: Vec<String>,
    #[serde(default, alias = "query")]
    sql: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Describe,
    Query,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(file) => vec![file],
        OneOrMany::Many(files) => files,
    })
}

/// JSON schema of the arguments.
pub(super) fn parameters() -> Value {
    let properties = json!({
        "action": {"type": "string", "enum": ["describe", "query"]},
        "files": {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_FILES,
            "description": "Paths in the workspace, ending in .csv, .tsv, .jsonl or .ndjson"
        },
        "sql": {"type": "string", "description": "For 'query': one SELECT statement"}
    });
    object(properties, &["action", "files"])
}

/// Runs a call.
///
/// # Errors
/// For the model.
pub(super) fn run(arguments: &Arguments, workspace: &Path) -> Result<Value, ToolError> {
    let asked: Asked = arguments::read(arguments)?;
    if asked.files.is_empty() || asked.files.len() > MOST_FILES {
        return Err(ToolError::invalid_arguments(format!("files must name 1 to {MOST_FILES} files")));
    }
    let files = WorkspaceFiles::open(workspace)?;
    let tables = asked.files.iter().map(|path| Table::load(&files, path)).collect::<Result<Vec<_>, _>>()?;
    match (asked.action, asked.sql) {
        (Action::Describe, _) => Ok(json!({"tables": tables.iter().map(describe::describe).collect::<Vec<_>>()})),
        (Action::Query, Some(sql)) => query::query(&tables, &sql),
        (Action::Query, None) => Err(ToolError::invalid_arguments("sql is needed for a query")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sales.csv"), "region,amount,note\nnorth,10,a\nsouth,20,\nnorth,30.5,c\n")
            .unwrap();
        let lines = "{\"region\": \"north\", \"head\": \"Ada\", \"extra\": {\"a\": 1}}\n\n{\"region\": \"south\", \"head\": null}\n";
        fs::write(folder.path().join("heads.jsonl"), lines).unwrap();
        folder
    }

    fn ask(folder: &tempfile::TempDir, asked: Value) -> Result<Value, ToolError> {
        run(asked.as_object().unwrap(), folder.path())
    }

    #[test]
    fn a_table_is_described_column_by_column() {
        let described = ask(&workspace(), json!({"action": "describe", "files": ["sales.csv"]})).unwrap();
        let table = &described["tables"][0];
        assert_eq!((&table["table"], &table["rows"]), (&json!("sales"), &json!(3)));
        let amount = &table["columns"][1];
        assert_eq!(
            (&amount["name"], &amount["type"], &amount["missing"]),
            (&json!("amount"), &json!("number"), &json!(0))
        );
        assert_eq!((&amount["min"], &amount["max"], &amount["median"]), (&json!(10.0), &json!(30.5), &json!(20.0)));
        assert_eq!(amount["mean"], json!(60.5 / 3.0));
        let note = &table["columns"][2];
        assert_eq!((&note["type"], &note["missing"], &note["distinct"]), (&json!("text"), &json!(1), &json!(2)));
    }

    #[test]
    fn several_files_are_joined_by_one_query() {
        let sql = "SELECT head, SUM(amount) AS total FROM sales JOIN heads USING (region) GROUP BY head ORDER BY total";
        let result = ask(&workspace(), json!({"action": "query", "files": ["sales.csv", "heads.jsonl"], "sql": sql}));
        let expected = json!({"columns": ["head", "total"], "rows": [[null, 20.0], ["Ada", 40.5]], "truncated": false});
        assert_eq!(result.unwrap(), expected);
    }

    #[test]
    fn nothing_but_reading_the_loaded_tables_is_allowed() {
        let folder = workspace();
        for sql in [
            "DELETE FROM sales",
            "DROP TABLE sales",
            "ATTACH '/etc/passwd' AS p",
            "PRAGMA database_list",
            "INSERT INTO sales VALUES (1, 2, 3)",
            "CREATE TABLE t (a)",
            "SELECT load_extension('x')",
            "VACUUM INTO 'x'",
            "SELECT 1; SELECT 2",
            "",
            "SELEC",
            "SELECT readfile('/etc/passwd')",
            "SELECT * FROM sqlite_master",
        ] {
            let refused = ask(&folder, json!({"action": "query", "files": ["sales.csv"], "sql": sql}));
            assert_eq!(refused.unwrap_err().code, "query_failed", "{sql}");
        }
    }

    #[test]
    fn a_query_is_bounded_in_rows_and_in_work() {
        let folder = workspace();
        let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n";
        let result = ask(&folder, json!({"action": "query", "files": ["sales.csv"], "sql": many})).unwrap();
        assert_eq!((result["rows"].as_array().unwrap().len(), &result["truncated"]), (200, &json!(true)));
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
        let stopped = ask(&folder, json!({"action": "query", "files": ["sales.csv"], "sql": endless})).unwrap_err();
        assert!(stopped.detail.contains("too much work"), "{stopped}");
    }

    #[test]
    fn files_that_are_no_tables_are_refused_in_words() {
        let folder = workspace();
        fs::write(folder.path().join("broken.jsonl"), "{\"a\": 1}\nnot json\n").unwrap();
        fs::write(folder.path().join("picture.png"), [0, 159, 146, 150]).unwrap();
        fs::write(folder.path().join("empty.csv"), "").unwrap();
        for (file, said) in [
            ("broken.jsonl", "line 2"),
            ("picture.png", ".csv"),
            ("empty.csv", "no columns"),
            ("../x.csv", "workspace"),
        ] {
            let refused = ask(&folder, json!({"action": "describe", "files": file})).unwrap_err();
            assert!(refused.detail.contains(said), "{file}: {refused}");
        }
    }
}
