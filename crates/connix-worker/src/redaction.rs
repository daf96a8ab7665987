//! What must not leave this worker in anything that it reports: the agent's secrets, of every configuration that it has worked with.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use connix_redaction::Redactor;
use connix_worker_protocol::session::WorkerConfig;

/// Knows the secrets. Shared by everything that reports.
#[derive(Debug, Default)]
pub(crate) struct Redaction(RwLock<Known>);

#[derive(Default)]
struct Known {
    values: BTreeSet<String>,
    redactor: Arc<Redactor>,
}

impl Redaction {
    /// One that knows the secrets of a configuration.
    pub(crate) fn of(config: &WorkerConfig) -> Arc<Self> {
        let redaction = Self::default();
        redaction.learn(config);
        Arc::new(redaction)
    }

    /// Knows those of another configuration too: tasks under way keep the one that they began with.
    pub(crate) fn learn(&self, config: &WorkerConfig) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.values.len();
        known.values.extend(config.secrets.iter().map(|secret| secret.expose().to_owned()));
        if known.values.len() > before {
            known.redactor = Arc::new(Redactor::new(known.values.iter().map(String::as_str)));
        }
    }

    /// What takes them out.
    pub(crate) fn current(&self) -> Arc<Redactor> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).redactor)
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.redactor.fmt(f)
    }
}
