//! The database's clock, as a server sees it: windows of budgets turn at the same moment for all servers, however wrong their own
//! clocks are.

use super::link::Link;
use super::{Answer, Prepared, Reads};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use connix_domain::port::store::ReadError;
use diesel::sql_types::Timestamptz;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often the clocks are compared.
const COMPARED: Duration = Duration::from_secs(30);
/// An answer that took longer says too little.
const SLOW: Duration = Duration::from_millis(500);

/// A clock that goes with the database's.
pub(crate) struct DatabaseClock {
    local: Arc<dyn Clock>,
    /// Microseconds that the database is ahead.
    ahead: Arc<AtomicI64>,
    comparing: JoinHandle<()>,
}

impl DatabaseClock {
    /// Compares a local clock with the database's, now and from time to time.
    pub(super) async fn start(local: Arc<dyn Clock>, link: Arc<Link>) -> Result<Self, ReadError> {
        let ahead = Arc::new(AtomicI64::new(0));
        compare(&link, local.as_ref(), &ahead).await?;
        let (by, shared) = (Arc::clone(&local), Arc::clone(&ahead));
        let comparing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(COMPARED).await;
                if let Err(error) = compare(&link, by.as_ref(), &shared).await {
                    tracing::debug!(%error, "the clocks were not compared");
                }
            }
        });
        Ok(Self { local, ahead, comparing })
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        self.local.now() + chrono::Duration::microseconds(self.ahead.load(Ordering::Relaxed))
    }
}

impl Drop for DatabaseClock {
    fn drop(&mut self) {
        self.comparing.abort();
    }
}

async fn compare(link: &Link, local: &dyn Clock, ahead: &AtomicI64) -> Result<(), ReadError> {
    let (asked, before) = (Instant::now(), local.now());
    let told = link.read(|connection| {
        let now = diesel::select(diesel::dsl::sql::<Timestamptz>("clock_timestamp()"));
        Prepared::kept(now).send(connection)
    });
    let told: Answer<'_, Vec<At>> = Box::pin(told);
    let told = told.await?;
    let took = asked.elapsed();
    if let Some(At(there)) = told.into_iter().next().filter(|_| took < SLOW) {
        let halfway = before + chrono::Duration::from_std(took / 2).unwrap_or_default();
        ahead.store((there - halfway).num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }
    Ok(())
}
