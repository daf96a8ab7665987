//! A table as a learner needs it: numbers in, and a target.

use std::collections::BTreeSet;

use super::super::ToolError;
use super::super::data_analysis::{Cell, Table};

const LEAST_ROWS: usize = 10;
const MOST_VALUES: usize = 2_000_000;
/// A column of texts is a feature for each of its values, as long as they are few.
const MOST_CATEGORIES: usize = 20;

/// Rows without a missing value.
#[derive(Debug)]
pub(super) struct Dataset {
    /// Names of the features: a column's, or `column=value`.
    pub(super) features: Vec<String>,
    pub(super) rows: Vec<Vec<f64>>,
    pub(super) target: Target,
    /// Columns that could not be used.
    pub(super) ignored: Vec<String>,
    /// Rows that were left out because something is missing in them.
    pub(super) incomplete: usize,
}

/// What is to be predicted, row by row.
#[derive(Debug)]
pub(super) enum Target {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// How a column is read.
enum Feature {
    Number(usize),
    Category(usize, String),
}

impl Dataset {
    pub(super) fn of(table: &Table, target: &str, wanted: Option<&[String]>) -> Result<Self, ToolError> {
        let target_at = place(table, target)?;
        let columns = columns(table, target_at, wanted)?;
        let (mut features, mut ignored, mut used) = (Vec::new(), Vec::new(), Vec::new());
        for at in columns {
            match read_column(table, at) {
                Some(read) => {
                    features.extend(read);
                    used.push(at);
                }
                None if wanted.is_some() => {
                    return Err(fault(format!(
                        "column '{}' has more than {MOST_CATEGORIES} different texts, or no value: it is no feature",
                        table.columns[at]
                    )));
                }
                None => ignored.push(table.columns[at].clone()),
            }
        }
        let complete =
            |row: &&Vec<Cell>| row[target_at] != Cell::Missing && used.iter().all(|at| row[*at] != Cell::Missing);
        let kept: Vec<&Vec<Cell>> = table.rows.iter().filter(complete).collect();
        if kept.len() < LEAST_ROWS {
            return Err(fault(format!("only {} rows are complete, {LEAST_ROWS} are needed", kept.len())));
        }
        if features.is_empty() {
            return Err(fault("no column can be a feature".to_owned()));
        }
        if kept.len().saturating_mul(features.len()) > MOST_VALUES {
            return Err(fault(format!("{} rows of {} features are too many", kept.len(), features.len())));
        }
        Ok(Self {
            rows: kept.iter().map(|row| features.iter().map(|feature| feature.value(row)).collect()).collect(),
            target: read_target(&kept, target_at),
            features: features.iter().map(|feature| feature.name(table)).collect(),
            ignored,
            incomplete: table.rows.len() - kept.len(),
        })
    }
}

impl Feature {
    fn value(&self, row: &[Cell]) -> f64 {
        match self {
            Self::Number(at) => {
                if let Cell::Number(number) = &row[*at] {
                    *number
                } else {
                    0.0
                }
            }
            Self::Category(at, value) => f64::from(u8::from(text(&row[*at]) == *value)),
        }
    }

    fn name(&self, table: &Table) -> String {
        match self {
            Self::Number(at) => table.columns[*at].clone(),
            Self::Category(at, value) => format!("{}={value}", table.columns[*at]),
        }
    }
}

fn place(table: &Table, name: &str) -> Result<usize, ToolError> {
    let found = table.columns.iter().position(|column| column == name);
    found.ok_or_else(|| fault(format!("there is no column '{name}'; there are: {}", table.columns.join(", "))))
}

fn columns(table: &Table, target: usize, wanted: Option<&[String]>) -> Result<Vec<usize>, ToolError> {
    let Some(wanted) = wanted else { return Ok((0..table.columns.len()).filter(|at| *at != target).collect()) };
    let places = wanted.iter().map(|name| place(table, name)).collect::<Result<BTreeSet<_>, _>>()?;
    if places.contains(&target) {
        return Err(fault("the target cannot be a feature".to_owned()));
    }
    Ok(places.into_iter().collect())
}

/// `None` when it is empty, or has too many different texts.
fn read_column(table: &Table, at: usize) -> Option<Vec<Feature>> {
    let present = || table.rows.iter().map(|row| &row[at]).filter(|cell| **cell != Cell::Missing);
    present().next()?;
    if present().all(|cell| matches!(cell, Cell::Number(_))) {
        return Some(vec![Feature::Number(at)]);
    }
    let mut values = BTreeSet::new();
    for cell in present() {
        values.insert(text(cell));
        if values.len() > MOST_CATEGORIES {
            return None;
        }
    }
    Some(values.into_iter().map(|value| Feature::Category(at, value)).collect())
}

fn read_target(rows: &[&Vec<Cell>], at: usize) -> Target {
    let numbers: Option<Vec<f64>> =
        rows.iter().map(|row| if let Cell::Number(number) = row[at] { Some(number) } else { None }).collect();
    numbers.map_or_else(|| Target::Texts(rows.iter().map(|row| text(&row[at])).collect()), Target::Numbers)
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    }
}

pub(super) fn fault(why: String) -> ToolError {
    ToolError::new("cannot_train", why)
}
