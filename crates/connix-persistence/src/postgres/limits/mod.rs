//! Budgets that all servers of a database share. A server leases parts of them, lets these pass without asking anybody, and gives back
//! what it has not used when another is short of it (docs/adr/0013-leased-budgets.md).

mod desk;
mod recall;
mod statement;

use super::link::Link;
use super::session::Address;
use crate::open_error::OpenError;
use crate::options::Options;
use async_trait::async_trait;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::port::store::ReadError;
use connix_domain::rate_limit::{Claim, Verdict};
use desk::Desk;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often windows that have been over for long are removed.
const SWEEP: Duration = Duration::from_secs(60);

/// Budgets in a PostgreSQL database.
pub(crate) struct SharedLimits {
    desk: Arc<Desk>,
    tasks: [JoinHandle<()>; 2],
}

impl SharedLimits {
    /// Opens the budgets on the runtime that this runs on. Their windows go by `clock`.
    pub(super) async fn open(
        address: &Arc<Address>,
        options: &Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let link = Link::open(address, options.patience, options.lifetime).await.map_err(OpenError::Connection)?;
        let desk = Arc::new(Desk::new(link, clock));
        let recalls = tokio::spawn(recall::listen(Arc::downgrade(&desk), Arc::clone(address)));
        let sweeper = Arc::downgrade(&desk);
        let sweeping = tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(desk) = sweeper.upgrade() else { return };
                desk.sweep().await;
            }
        });
        Ok(Self { desk, tasks: [recalls, sweeping] })
    }
}

impl Drop for SharedLimits {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

#[async_trait]
impl Limits for SharedLimits {
    async fn take(&self, subject: &str, claims: &[Claim]) -> Result<Verdict, ReadError> {
        self.desk.take(subject, claims).await
    }
    async fn charge(&self, subject: &str, tokens: i64) -> Result<(), ReadError> {
        self.desk.charge(subject, tokens).await
    }
    async fn close(&self) {
        self.desk.close().await;
    }
}
