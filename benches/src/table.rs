//! The table that is printed.

use crate::questions::Row;

/// A line a question: the median time of each size in microseconds, and the ratio of the last to the first.
pub(crate) fn print(store: &str, sizes: &[u64], rows: &[Row]) {
    println!("\n{store}: microseconds (median) at so many rows\n");
    let heads: String = sizes.iter().map(|size| format!("{size:>12}")).collect();
    println!("{:<44}{heads}{:>10}", "question", "ratio");
    for Row { name, medians } in rows {
        let cells: String = medians.iter().map(|median| format!("{median:>12.0}")).collect();
        let ratio = medians.last().zip(medians.first()).map_or(1.0, |(last, first)| last / first);
        println!("{name:<44}{cells}{ratio:>10.2}");
    }
    println!();
}
