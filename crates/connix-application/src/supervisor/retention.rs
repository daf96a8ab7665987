//! Dropping log lines and resource samples that are older than the operator wants them kept. Figures stay.

use super::Supervisor;
use crate::app::App;
use crate::error::Error;
use connix_domain::port::telemetry::Forgotten;
use connix_domain::scope::{Job, OrgScope};
use std::time::Duration;

/// What is old is looked for this often: soon after a start, and then each hour.
const SWEEP: Duration = Duration::from_secs(3600);

impl Supervisor {
    /// Works until the future is dropped.
    pub(super) async fn drop_what_is_old(&self) {
        loop {
            match self.app.drop_old_telemetry().await {
                Ok(Forgotten { lines: 0, samples: 0 }) => {}
                Ok(Forgotten { lines, samples }) => tracing::info!(lines, samples, "old telemetry was dropped"),
                Err(error) => tracing::warn!(%error, "old telemetry is dropped later"),
            }
            tokio::time::sleep(SWEEP).await;
        }
    }
}

impl App {
    /// Drops every organisation's log lines and samples that are older than the retention; gives how many. Where that fails
    /// it is dropped the next time, and the other organisations do not wait for it.
    ///
    /// # Errors
    /// What the store says when it is asked which organisations there are.
    pub async fn drop_old_telemetry(&self) -> Result<Forgotten, Error> {
        let before = self.now() - self.settings.retention;
        let mut dropped = Forgotten::default();
        for organisation in self.store().organisations().await? {
            let scope = OrgScope::of_organisation(&organisation, Job::Retention);
            match self.store().forget_before(scope, before).await {
                Ok(Forgotten { lines, samples }) => {
                    dropped.lines += lines;
                    dropped.samples += samples;
                }
                Err(error) => {
                    tracing::warn!(%error, organisation = %organisation.id, "its old telemetry is dropped later");
                }
            }
        }
        Ok(dropped)
    }
}
