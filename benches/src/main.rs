//! What rate limits cost a request, and what questions about logs and figures cost as the history grows, on both stores.
//!
//! ```text
//! connix-bench [--postgres URL] [ROWS…]
//! ```
//!
//! Fills an agent a size with that many log lines, tasks and a tenth as many resource samples over the same week, asks each
//! question of each agent by turns, and prints the median time and the ratio of the largest size to the smallest. The goal
//! (`shared/reference/performance.md` section 9) is a ratio of 1.5 at most.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod fill;
mod limits;
mod questions;
mod table;

use connix_persistence::{Database, DatabaseUrl, Options};
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The sizes of the project's goals.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];

struct Arguments {
    postgres: Option<DatabaseUrl>,
    sizes: Vec<u64>,
}

fn arguments() -> Outcome<Arguments> {
    let mut words = std::env::args().skip(1);
    let mut found = Arguments { postgres: None, sizes: Vec::new() };
    while let Some(word) = words.next() {
        if word == "--postgres" {
            found.postgres = Some(words.next().ok_or("--postgres needs a URL")?.parse()?);
        } else {
            let rows = word.parse().ok().filter(|rows| *rows >= SIZES[0]);
            found.sizes.push(rows.ok_or_else(|| format!("{word} is no number of rows of at least {}", SIZES[0]))?);
        }
    }
    if found.sizes.is_empty() {
        found.sizes = SIZES.to_vec();
    }
    Ok(found)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let Arguments { postgres, sizes } = arguments()?;
    let folder = tempfile::tempdir()?;
    let file = format!("sqlite://{}", folder.path().join("bench.db").display()).parse()?;
    for (name, url) in [("SQLite", Some(file)), ("PostgreSQL", postgres)] {
        match url {
            Some(url) => measure(name, &url, &sizes).await?,
            None => println!("{name}: not measured, no --postgres URL"),
        }
    }
    Ok(())
}

/// Fills a store, asks, and prints the table.
async fn measure(name: &str, url: &DatabaseUrl, sizes: &[u64]) -> Outcome<()> {
    let database = Database::open(url, Options::default()).await?;
    limits::measure(name, &database).await?;
    let store = database.store();
    let mut filled = Vec::with_capacity(sizes.len());
    for rows in sizes {
        let agent = fill::fill(store.as_ref(), *rows).await?;
        println!("{name}: {rows} lines and tasks in {:.1} s", agent.took.as_secs_f64());
        filled.push(agent);
    }
    table::print(name, sizes, &questions::ask(store.as_ref(), &filled).await?);
    database.close().await;
    Ok(())
}
