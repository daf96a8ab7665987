//! What stands in a table's columns.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::table::{Cell, Table};

/// Distinct texts are counted to here.
const MOST_DISTINCT: usize = 10_000;
/// So many examples are shown, each at most so long.
const EXAMPLES: usize = 5;
const LONGEST_EXAMPLE: usize = 60;
/// Most columns that are described.
const MOST_COLUMNS: usize = 100;

pub(super) fn describe(table: &Table) -> Value {
    let columns: Vec<_> = (0..table.columns.len().min(MOST_COLUMNS)).map(|at| column(table, at)).collect();
    json!({"table": table.name, "rows": table.rows.len(), "column_count": table.columns.len(), "columns": columns})
}

fn column(table: &Table, at: usize) -> Value {
    let cells = || table.rows.iter().map(|row| &row[at]);
    let missing = cells().filter(|cell| **cell == Cell::Missing).count();
    let mut numbers: Vec<f64> =
        cells().filter_map(|cell| if let Cell::Number(number) = cell { Some(*number) } else { None }).collect();
    let all_numbers = !numbers.is_empty() && numbers.len() + missing == table.rows.len();
    let kind = if all_numbers {
        "number"
    } else if missing == table.rows.len() {
        "empty"
    } else {
        "text"
    };
    let mut described = json!({"name": table.columns[at], "type": kind, "missing": missing});
    if all_numbers {
        numbers.sort_by(f64::total_cmp);
        describe_numbers(&mut described, &numbers);
    } else if kind == "text" {
        describe_texts(&mut described, cells());
    }
    described
}

/// Of sorted numbers, of which there is one at least.
fn describe_numbers(described: &mut Value, sorted: &[f64]) {
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let squares = sorted.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    let deviation = if sorted.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
    let figures = [
        ("min", sorted[0]),
        ("max", sorted[sorted.len() - 1]),
        ("mean", mean),
        ("std", deviation),
        ("q25", quantile(sorted, 0.25)),
        ("median", quantile(sorted, 0.5)),
        ("q75", quantile(sorted, 0.75)),
    ];
    for (name, figure) in figures {
        described[name] = figure.into();
    }
}

/// Between two neighbours it is interpolated.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, part) = (place.floor(), place.fract());
    let at = below as usize;
    let next = sorted[(at + 1).min(sorted.len() - 1)];
    sorted[at] + (next - sorted[at]) * part
}

fn describe_texts<'t>(described: &mut Value, cells: impl Iterator<Item = &'t Cell>) {
    let mut distinct: HashSet<String> = HashSet::new();
    let mut examples: Vec<String> = Vec::new();
    for cell in cells {
        let text = match cell {
            Cell::Missing => continue,
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text.clone(),
        };
        if distinct.len() < MOST_DISTINCT && distinct.insert(text.clone()) && examples.len() < EXAMPLES {
            examples.push(text.chars().take(LONGEST_EXAMPLE).collect());
        }
    }
    described["distinct"] = distinct.len().into();
    described["examples"] = examples.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|share| quantile(&sorted, share)), [1.0, 1.75, 2.5, 4.0]);
        assert_eq!(quantile(&[7.0], 0.5), 7.0);
    }
}
