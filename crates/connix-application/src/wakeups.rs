//! Who waits for what inside this process. Hints only: whoever waits looks again after a while in any case.

use connix_domain::id::AgentId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Wakes the supervisor, and those who wait for something of one agent: its worker, and readers of its tasks.
#[derive(Debug, Default)]
pub(crate) struct Wakeups {
    supervisor: Notify,
    agents: Mutex<HashMap<AgentId, Arc<Notify>>>,
}

impl Wakeups {
    /// Something was committed that the supervisor may have to act on.
    pub(crate) fn supervisor(&self) {
        self.supervisor.notify_one();
    }
    /// Waits until the supervisor is wanted, at most `longest`.
    pub(crate) async fn supervisor_wanted(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.supervisor.notified()).await;
    }
    /// Something of this agent or its tasks was committed.
    pub(crate) fn agent(&self, agent: AgentId) {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiting) = agents.get(&agent) {
            waiting.notify_waiters();
            if Arc::strong_count(waiting) == 1 {
                agents.remove(&agent);
            }
        }
    }
    /// Everybody is to look again: the service is ending.
    pub(crate) fn everybody(&self) {
        self.supervisor();
        let agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.values().for_each(|waiting| waiting.notify_waiters());
    }
    /// What to wait on for news of an agent. Enable the wait *before* looking, or news between the two are missed.
    pub(crate) fn of(&self, agent: AgentId) -> Arc<Notify> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        agents.entry(agent).or_default().clone()
    }
}
