//! The agent's configuration as this worker knows it, kept current beside the work.

use std::cell::RefCell;
use std::rc::Rc;

use connix_worker_protocol::session::{CurrentConfig, WorkerConfig};

use super::Session;
use super::leave::Leave;
use crate::server::{CallError, persist};

/// The newest configuration. Tasks that run keep the one they were claimed with.
#[derive(Debug)]
pub(crate) struct Configuration(RefCell<Rc<CurrentConfig>>);

impl Configuration {
    pub(crate) fn new(config_revision: i64, config: WorkerConfig) -> Self {
        Self(RefCell::new(Rc::new(CurrentConfig { config_revision, config })))
    }

    /// Keeps the newer of the two: fetches may overtake each other.
    fn adopt(&self, fetched: Rc<CurrentConfig>) {
        let mut known = self.0.borrow_mut();
        if known.config_revision <= fetched.config_revision {
            *known = fetched;
        }
    }

    /// The newest known one.
    pub(crate) fn current(&self) -> Rc<CurrentConfig> {
        Rc::clone(&self.0.borrow())
    }
}

impl Session {
    /// Fetches and acknowledges each newer revision as soon as a heartbeat tells of it. Returns when a call about it
    /// ends the session.
    pub(crate) async fn keep_configuration_current(&self) -> Leave {
        let mut orders = self.orders.clone();
        loop {
            let applied = self.status.subscribe().borrow().applied_revision;
            orders.until(|orders| orders.config_revision > applied).await;
            if let Err(leave) = self.adopt_newest().await {
                return leave;
            }
        }
    }

    /// The configuration for a task that was claimed with `revision`.
    ///
    /// # Errors
    /// When fetching it ends the session.
    pub(crate) async fn configuration_from(&self, revision: i64) -> Result<Rc<CurrentConfig>, Leave> {
        if self.configuration.current().config_revision < revision {
            self.adopt_newest().await?;
        }
        Ok(self.configuration.current())
    }

    async fn adopt_newest(&self) -> Result<(), Leave> {
        let fetched = self.fetch_and_acknowledge().await;
        let newest = fetched.map_err(|error| Leave::because_of(&error).unwrap_or(Leave::Internal))?;
        tracing::info!(revision = newest.config_revision, "the configuration is applied");
        self.status.applied(newest.config_revision);
        Ok(())
    }

    async fn fetch_and_acknowledge(&self) -> Result<Rc<CurrentConfig>, CallError> {
        let newest = Rc::new(persist(self.server_pace, async || self.server.config(&self.id).await).await?);
        self.redaction.learn(&newest.config);
        self.configuration.adopt(Rc::clone(&newest));
        let revision = newest.config_revision;
        persist(self.server_pace, async || self.server.config_applied(&self.id, revision).await).await?;
        Ok(newest)
    }
}
