//! What an agent's worker reports is kept without the agent's secrets (`reliability.md` 2.13). The worker takes them out itself; here it
//! is made sure of, since a customer's own worker may not.

use crate::app::App;
use crate::error::Error;
use connix_domain::agent::Agent;
use connix_domain::id::AgentId;
use connix_domain::port::secrets::Sealed;
use connix_redaction::Redactor;
use moka::sync::Cache;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Forgotten when so long nothing was reported.
const KEPT: Duration = Duration::from_secs(600);
/// At most so many bytes of memory are kept.
const MOST: u64 = 64 * 1024 * 1024;

/// What is known of agents that report.
pub(crate) struct Redactors(Cache<AgentId, Arc<Known>>);

/// The secrets of an agent.
struct Known {
    sealed: Option<Sealed>,
    values: BTreeSet<String>,
    redactor: Arc<Redactor>,
}

impl Redactors {
    pub(crate) fn new() -> Self {
        let weight = |_: &AgentId, known: &Arc<Known>| {
            let values: usize = known.values.iter().map(String::len).sum();
            u32::try_from(values + known.redactor.memory_usage() + 100).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().weigher(weight).max_capacity(MOST).time_to_idle(KEPT).build())
    }
}

impl App {
    /// What takes an agent's secrets out of a report. After a change of the environment those of before are still known: the worker
    /// may be in the midst of a task that began with them.
    pub(crate) fn redactor(&self, agent: &Agent) -> Result<Arc<Redactor>, Error> {
        let known = self.redactors.0.get(&agent.id);
        if let Some(known) = known.as_ref().filter(|known| known.sealed == agent.environment) {
            return Ok(Arc::clone(&known.redactor));
        }
        let mut values: BTreeSet<String> = self.environment(agent)?.secrets().map(str::to_owned).collect();
        if let Some(before) = known {
            let old = self.opened(agent, before.sealed.as_ref())?;
            values.extend(old.secrets().map(str::to_owned));
        }
        let redactor = Arc::new(Redactor::new(values.iter().map(String::as_str)));
        let known = Known { sealed: agent.environment.clone(), values, redactor: Arc::clone(&redactor) };
        self.redactors.0.insert(agent.id, Arc::new(known));
        Ok(redactor)
    }
}
