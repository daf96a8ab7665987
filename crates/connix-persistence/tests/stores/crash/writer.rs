//! The process that the crash test kills: commits numbered units, many at a time, and prints the number of each that was
//! acknowledged.
//!
//! `connix-crash-writer URL ORGANISATION FIRST`
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod unit;

use connix_domain::id::OrgId;
use connix_domain::port::store::Store;
use connix_persistence::{Database, Options};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many units are under way at a time.
const WRITERS: usize = 16;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, organisation, first] = arguments.as_slice() else { return Err("URL ORGANISATION FIRST".into()) };
    let (org, next) = (organisation.parse()?, Arc::new(AtomicU64::new(first.parse()?)));
    let database = Database::open(&url.parse()?, Options::default()).await?;
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(write(database.store(), org, Arc::clone(&next)));
    }
    // it ends by being killed; a writer that ends has failed
    match writers.join_next().await {
        Some(ended) => ended?,
        None => Ok(()),
    }
}

async fn write(store: Arc<dyn Store>, org: OrgId, next: Arc<AtomicU64>) -> Result<(), Failure> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let project_number = store.reserve_project_numbers(1).await?;
        store.commit(unit::unit(org, number, project_number)?).await?;
        println!("{number}");
    }
}
