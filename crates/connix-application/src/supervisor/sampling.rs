//! Taking samples of what runs, and bringing them to the store in batches.

use super::Supervisor;
use crate::app::App;
use connix_domain::change_set::{Change, ChangeSet};
use tokio::time::{MissedTickBehavior, interval};

/// Samples in one unit of work.
const BATCH: usize = 500;

impl Supervisor {
    /// Takes samples at the interval of the settings.
    pub(super) async fn sample(&self) {
        let mut ticks = interval(self.app.settings.sample_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await; // the first comes at once
        loop {
            ticks.tick().await;
            self.app.sample_now().await;
        }
    }
}

impl App {
    /// Takes a sample of everything that runs. What cannot be written waits for the next time.
    pub async fn sample_now(&self) {
        let seen = self.ports.runtime.readings().await;
        let runtime = &self.ports.runtime;
        let samples = self.meters.samples(&seen, |agent, incarnation| runtime.knows(agent, incarnation), self.now());
        self.meters.keep(samples);
        loop {
            let batch = self.meters.take(BATCH);
            if batch.is_empty() {
                return;
            }
            let changes = ChangeSet::new().with(Change::AppendSamples(batch.clone()));
            if let Err(error) = self.ports.store.commit(changes).await {
                tracing::warn!(%error, "samples of what agents consume are written later");
                self.meters.keep(batch);
                return;
            }
        }
    }
}
