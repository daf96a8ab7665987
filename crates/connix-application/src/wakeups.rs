//! Who waits for what inside this process. Hints only: whoever waits looks again after a while in any case.

use connix_domain::id::AgentId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Wakes the supervisor, and those who wait for something of one agent: its worker and who waits for its tasks, and the readers
/// of what it writes.
#[derive(Debug, Default)]
pub(crate) struct Wakeups {
    supervisor: Notify,
    agents: Waiting,
    readers: Waiting,
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
        self.agents.wake(agent);
        self.readers.wake(agent);
    }
    /// A line or a step of this agent was committed, which only readers wait for.
    pub(crate) fn readers(&self, agent: AgentId) {
        self.readers.wake(agent);
    }
    /// Everybody is to look again: the service is ending.
    pub(crate) fn everybody(&self) {
        self.supervisor();
        self.agents.wake_all();
        self.readers.wake_all();
    }
    /// What to wait on for news of an agent. Enable the wait *before* looking, or news between the two are missed.
    pub(crate) fn of(&self, agent: AgentId) -> Arc<Notify> {
        self.agents.of(agent)
    }
    /// The same for what an agent writes.
    pub(crate) fn readers_of(&self, agent: AgentId) -> Arc<Notify> {
        self.readers.of(agent)
    }
}

/// Those who wait, by agent.
#[derive(Debug, Default)]
struct Waiting(Mutex<HashMap<AgentId, Arc<Notify>>>);

impl Waiting {
    fn of(&self, agent: AgentId) -> Arc<Notify> {
        let mut map = self.map();
        // before the map would grow: nobody says when they have stopped waiting
        if map.len() == map.capacity() {
            map.retain(|_, waiting| Arc::strong_count(waiting) > 1);
        }
        map.entry(agent).or_default().clone()
    }
    fn wake(&self, agent: AgentId) {
        let mut map = self.map();
        if let Some(waiting) = map.get(&agent) {
            waiting.notify_waiters();
            if Arc::strong_count(waiting) == 1 {
                map.remove(&agent);
            }
        }
    }
    fn wake_all(&self) {
        self.map().values().for_each(|waiting| waiting.notify_waiters());
    }
    fn map(&self) -> MutexGuard<'_, HashMap<AgentId, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_have_stopped_waiting_are_forgotten() {
        let waiting = Waiting::default();
        let kept = waiting.of(AgentId::new(0));
        for agent in 1..10_000 {
            waiting.of(AgentId::new(agent));
        }
        assert!(waiting.map().len() < 100);
        assert!(Arc::ptr_eq(&kept, &waiting.of(AgentId::new(0))));
    }
}
