//! One SELECT over tables that are loaded into a database in memory.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use serde_json::{Value, json};

use super::super::ToolError;
use super::table::{Cell, Table};

const MOST_ROWS: usize = 200;
/// Longest text of one cell, in characters.
const LONGEST_CELL: usize = 1000;
/// A query may take so many thousand steps of SQLite's machine: some seconds.
const MOST_THOUSANDS_OF_STEPS: u32 = 100_000;

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Missing => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Number(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

pub(super) fn query(tables: &[Table], sql: &str) -> Result<Value, ToolError> {
    let database = loaded(tables).map_err(|error| failed(&error))?;
    database.authorizer(Some(reads_only)).map_err(|error| failed(&error))?;
    let mut thousands = 0;
    let too_much = move || {
        thousands += 1;
        thousands > MOST_THOUSANDS_OF_STEPS
    };
    database.progress_handler(1000, Some(too_much)).map_err(|error| failed(&error))?;
    answered(&database, sql).map_err(|error| failed(&error))
}

fn loaded(tables: &[Table]) -> rusqlite::Result<Connection> {
    let mut database = Connection::open_in_memory()?;
    let transaction = database.transaction()?;
    for table in tables {
        let columns: Vec<_> = table.columns.iter().map(|column| quoted(column)).collect();
        transaction.execute(&format!("CREATE TABLE {} ({})", quoted(&table.name), columns.join(", ")), [])?;
        let places = vec!["?"; columns.len()].join(", ");
        let mut insert = transaction.prepare(&format!("INSERT INTO {} VALUES ({places})", quoted(&table.name)))?;
        for row in &table.rows {
            insert.execute(rusqlite::params_from_iter(row))?;
        }
    }
    transaction.commit()?;
    Ok(database)
}

/// Reading the loaded tables and calling harmless functions, nothing else.
fn reads_only(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Read { table_name, .. } if !table_name.starts_with("sqlite_") => Authorization::Allow,
        AuthAction::Function { function_name } if function_name != "load_extension" => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

fn answered(database: &Connection, sql: &str) -> rusqlite::Result<Value> {
    let mut statement = database.prepare(sql)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        if rows.len() == MOST_ROWS {
            return Ok(json!({"columns": columns, "rows": rows, "truncated": true}));
        }
        let cells = (0..columns.len()).map(|at| row.get_ref(at).map(shown)).collect::<rusqlite::Result<Vec<_>>>()?;
        rows.push(cells);
    }
    Ok(json!({"columns": columns, "rows": rows, "truncated": false}))
}

fn shown(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).chars().take(LONGEST_CELL).collect::<String>().into(),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn failed(error: &rusqlite::Error) -> ToolError {
    let stopped = error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted);
    let detail = if stopped { "The query is too much work: narrow it down".to_owned() } else { error.to_string() };
    ToolError::new("query_failed", detail)
}
