//! A table: the rows of a CSV or JSON Lines file, as they are in memory.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::super::ToolError;
use super::super::workspace_files::WorkspaceFiles;

/// Largest file that is loaded, in bytes.
const MOST_BYTES: u64 = 64 << 20;
/// Most cells and columns of one table: an address space holds so many.
const MOST_CELLS: usize = 4_000_000;
const MOST_COLUMNS: usize = 500;

/// What stands in one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Number(f64),
    Text(String),
}

/// A file's rows.
#[derive(Debug)]
pub(crate) struct Table {
    /// The file's name without folder and ending.
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    /// Each as long as `columns`.
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn load(files: &WorkspaceFiles, path: &str) -> Result<Self, ToolError> {
        let separator = match extension(path).as_str() {
            "csv" => Some(b','),
            "tsv" => Some(b'\t'),
            "jsonl" | "ndjson" => None,
            _ => return Err(fault(path, "tables end in .csv, .tsv, .jsonl or .ndjson")),
        };
        let bytes = files.read(path, MOST_BYTES)?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_start_matches('\u{feff}');
        let (columns, rows) = match separator {
            Some(separator) => read_separated(text, separator),
            None => read_json_lines(text),
        }
        .map_err(|why| fault(path, &why))?;
        if columns.is_empty() {
            return Err(fault(path, "it has no columns"));
        }
        Ok(Self { name: table_name(path), columns, rows })
    }
}

type Read = Result<(Vec<String>, Vec<Vec<Cell>>), String>;

fn read_separated(text: &str, separator: u8) -> Read {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?;
    let columns = unique(header.iter().map(str::to_owned).collect());
    check_columns(&columns)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |at| record.get(at).map_or(Cell::Missing, Cell::of_text);
        rows.push((0..columns.len()).map(cell).collect());
        check_size(&columns, &rows)?;
    }
    Ok((columns, rows))
}

fn read_json_lines(text: &str) -> Read {
    let (mut columns, mut places): (Vec<String>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let object: serde_json::Map<String, Value> =
            serde_json::from_str(line).map_err(|_| format!("line {} is no JSON object", number + 1))?;
        let mut row = vec![Cell::Missing; columns.len()];
        for (key, value) in object {
            let at = *places.entry(key.clone()).or_insert_with(|| {
                columns.push(key);
                row.push(Cell::Missing);
                columns.len() - 1
            });
            row[at] = Cell::of_json(value);
        }
        rows.push(row);
        check_columns(&columns)?;
        check_size(&columns, &rows)?;
    }
    for row in &mut rows {
        row.resize(columns.len(), Cell::Missing);
    }
    Ok((unique(columns), rows))
}

impl Cell {
    fn of_text(text: &str) -> Self {
        match text.trim() {
            "" => Self::Missing,
            trimmed => match trimmed.parse::<f64>() {
                // `inf`, `nan` and numbers written with leading zeros (codes) are text
                Ok(number) if number.is_finite() && !is_code(trimmed) => Self::Number(number),
                _ => Self::Text(text.to_owned()),
            },
        }
    }

    fn of_json(value: Value) -> Self {
        match value {
            Value::Null => Self::Missing,
            Value::Bool(truth) => Self::Text(truth.to_string()),
            Value::Number(number) => number.as_f64().map_or(Self::Missing, Self::Number),
            Value::String(text) => Self::Text(text),
            nested => Self::Text(nested.to_string()),
        }
    }
}

fn is_code(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && !text.starts_with("0.")
}

fn check_columns(columns: &[String]) -> Result<(), String> {
    if columns.len() > MOST_COLUMNS { Err(format!("it has more than {MOST_COLUMNS} columns")) } else { Ok(()) }
}

fn check_size(columns: &[String], rows: &[Vec<Cell>]) -> Result<(), String> {
    let cells = columns.len().saturating_mul(rows.len());
    if cells > MOST_CELLS { Err(format!("it has more than {MOST_CELLS} cells")) } else { Ok(()) }
}

/// Names of columns as SQL can tell them apart: none empty, none twice but for case.
fn unique(columns: Vec<String>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::with_capacity(columns.len());
    for (at, column) in columns.into_iter().enumerate() {
        let base = if column.trim().is_empty() { format!("column_{}", at + 1) } else { column.trim().to_owned() };
        let free = |name: &str| !taken.iter().any(|other| other.eq_ignore_ascii_case(name));
        let name =
            std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}_{number}"))).find(|name| free(name));
        taken.push(name.unwrap_or(base));
    }
    taken
}

fn extension(path: &str) -> String {
    Path::new(path).extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn table_name(path: &str) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

fn fault(path: &str, why: &str) -> ToolError {
    ToolError::new("file_error", format!("'{path}': {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_and_codes_are_text() {
        for (text, expected) in [
            ("1", Cell::Number(1.0)),
            (" -2.5e3 ", Cell::Number(-2500.0)),
            ("0", Cell::Number(0.0)),
            ("0.5", Cell::Number(0.5)),
            ("007", Cell::Text("007".into())),
            ("inf", Cell::Text("inf".into())),
            ("NaN", Cell::Text("NaN".into())),
            ("  ", Cell::Missing),
            ("x", Cell::Text("x".into())),
        ] {
            assert_eq!(Cell::of_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let names = ["a", "A", "", "a", "a_2"].map(str::to_owned).to_vec();
        assert_eq!(unique(names), ["a", "A_2", "column_3", "a_3", "a_2_2"]);
    }

    #[test]
    fn keys_that_come_late_are_columns_too() {
        let (columns, rows) = read_json_lines("{\"a\": 1}\n{\"b\": true}\n").unwrap();
        assert_eq!(columns, ["a", "b"]);
        assert_eq!(rows, [[Cell::Number(1.0), Cell::Missing], [Cell::Missing, Cell::Text("true".into())]]);
    }
}
