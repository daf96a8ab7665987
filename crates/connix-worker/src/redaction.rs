//! What must not leave this worker in anything that it reports: the agent's secrets, of the newest configurations that it has worked
//! with.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use connix_redaction::Redactor;
use connix_worker_protocol::session::WorkerConfig;

/// Knows the secrets. Shared by everything that reports.
#[derive(Debug, Default)]
pub(crate) struct Redaction(RwLock<Known>);

/// Configurations whose secrets are known. A task under way keeps the one that it began with, and there is one task at a time.
const CONFIGURATIONS: usize = 4;

#[derive(Default)]
struct Known {
    /// By configuration, the newest first.
    values: VecDeque<BTreeSet<String>>,
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
        let values: BTreeSet<_> = config.secrets.iter().map(|secret| secret.expose().to_owned()).collect();
        if known.values.front() != Some(&values) {
            known.values.push_front(values);
            known.values.truncate(CONFIGURATIONS);
            known.redactor = Arc::new(Redactor::new(known.values.iter().flatten().map(String::as_str)));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_the_newest_configurations_are_known_and_not_those_of_all() {
        let secret = |number: usize| format!("secret-number-{number}");
        let config = |number| -> WorkerConfig {
            serde_json::from_value(json!({
                "model": "m", "temperature": 0.0, "max_tokens": 1, "system_prompt": "", "tools": [],
                "environment_variables": {}, "secrets": [secret(number)]
            }))
            .unwrap()
        };
        let redaction = Redaction::of(&config(0));
        for number in 1..=CONFIGURATIONS {
            redaction.learn(&config(number));
        }
        redaction.learn(&config(CONFIGURATIONS)); // nothing new
        let shown = |number| redaction.current().text(&secret(number)).into_owned();
        assert_eq!(shown(0), secret(0));
        assert!((1..=CONFIGURATIONS).all(|number| shown(number) == "***"));
    }
}
