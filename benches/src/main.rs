//! What rate limits cost a request, and what questions about logs and figures cost as the history grows, on both stores.
//!
//! ```text
//! connix-bench [--sqlite FILE] [--postgres URL] [ROWS…]
//! ```
//!
//! Fills an agent a size with that many log lines, tasks and a twentieth as many resource samples over the same week, unless
//! there is one from an earlier run; asks each question of each agent by turns, and prints the time that it takes and the
//! ratio of the largest size to the smallest. The goal is a ratio of 1.5 at most, and 2 µs for a request's rate limits; where one is missed,
//! the program ends with an error.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../../migrations/figures.rs"]
mod figures;
mod fill;
mod limits;
mod questions;
mod rollups;
mod table;

use connix_persistence::{Database, DatabaseUrl, Options};
use fill::Filled;
use rollups::Silenced;
use std::error::Error;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The sizes of the project's goals.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];

struct Arguments {
    sqlite: Option<DatabaseUrl>,
    postgres: Option<DatabaseUrl>,
    sizes: Vec<u64>,
}

fn arguments() -> Outcome<Arguments> {
    let mut words = std::env::args().skip(1);
    let mut found = Arguments { sqlite: None, postgres: None, sizes: Vec::new() };
    while let Some(word) = words.next() {
        if word == "--sqlite" {
            found.sqlite = Some(format!("sqlite://{}", words.next().ok_or("--sqlite needs a file")?).parse()?);
        } else if word == "--postgres" {
            found.postgres = Some(words.next().ok_or("--postgres needs a URL")?.parse()?);
        } else {
            let rows = word.parse().ok().filter(|rows| *rows >= SIZES[0]);
            found.sizes.push(rows.ok_or_else(|| format!("{word} is no number of rows of at least {}", SIZES[0]))?);
        }
    }
    if found.sizes.is_empty() {
        found.sizes = SIZES.to_vec();
    }
    found.sizes.sort_unstable();
    Ok(found)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let Arguments { sqlite, postgres, sizes } = arguments()?;
    let folder = tempfile::tempdir()?;
    let new_file = format!("sqlite://{}", folder.path().join("bench.db").display()).parse()?;
    let mut missed = Vec::new();
    for (name, url) in [("SQLite", sqlite.or(Some(new_file))), ("PostgreSQL", postgres)] {
        match url {
            Some(url) => missed.extend(measure(name, &url, &sizes).await?),
            None => println!("{name}: not measured, no --postgres URL"),
        }
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("the goal is missed by {}", missed.join(", ")).into()) }
}

/// An agent of each size, with its history. All of them from an earlier run, or all of them new.
async fn fill(url: &DatabaseUrl, sizes: &[u64]) -> Outcome<Vec<Filled>> {
    let database = Database::open(url, Options::default()).await?;
    let mut kept = fill::found(database.store().as_ref()).await?;
    database.close().await;
    kept.retain(|agent| sizes.contains(&agent.rows));
    kept.sort_by_key(|agent| agent.rows);
    if kept.iter().map(|agent| agent.rows).eq(sizes.iter().copied()) {
        return Ok(kept);
    }
    let silenced = Silenced::begin(url).await?;
    let database = Database::open(url, Options::default()).await?;
    let mut filled = Vec::with_capacity(sizes.len());
    for rows in sizes {
        let agent = fill::make(database.store().as_ref(), *rows).await?;
        fill::write(database.store().as_ref(), &agent).await?;
        filled.push(agent);
    }
    database.close().await;
    silenced.end().await?;
    let database = Database::open(url, Options::default()).await?;
    for agent in &filled {
        fill::write_samples(database.store().as_ref(), agent).await?;
    }
    database.close().await;
    rollups::settle(url).await?;
    Ok(filled)
}

/// Fills a store, asks, and prints the tables; gives what misses its goal.
async fn measure(name: &str, url: &DatabaseUrl, sizes: &[u64]) -> Outcome<Vec<String>> {
    let begun = Instant::now();
    let filled = fill(url, sizes).await?;
    println!("{name}: {sizes:?} lines and tasks in {:.0} s", begun.elapsed().as_secs_f64());
    let database = Database::open(url, Options::default()).await?;
    let mut missed = limits::measure(name, &database).await?;
    let store = database.store();
    missed.extend(table::print(name, sizes, &questions::ask(store.as_ref(), &filled).await?));
    database.close().await;
    Ok(missed)
}
