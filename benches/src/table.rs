//! The table that is printed.

use crate::questions::Row;

/// The goal: at the largest size a question costs at most so many times what it costs at the smallest.
const MOST: f64 = 1.5;

/// A line a question: the time that it takes at each size in microseconds, and the ratio of the last to the first. Gives the
/// questions that miss the goal.
pub(crate) fn print(store: &str, sizes: &[u64], rows: &[Row]) -> Vec<String> {
    println!("\n{store}: microseconds (lower quartile) at so many rows; goal: a ratio of {MOST} at most\n");
    let heads: String = sizes.iter().map(|size| format!("{size:>12}")).collect();
    println!("{:<44}{heads}{:>10}", "question", "ratio");
    let mut missed = Vec::new();
    for Row { name, times } in rows {
        let cells: String = times.iter().map(|time| format!("{time:>12.0}")).collect();
        let ratio = times.last().zip(times.first()).map_or(1.0, |(last, first)| last / first);
        let holds = ratio <= MOST;
        println!("{name:<44}{cells}{ratio:>10.2}{}", if holds { "  holds" } else { "  MISSED" });
        if !holds {
            missed.push(format!("{store}: {name} ({ratio:.2})"));
        }
    }
    println!();
    missed
}
