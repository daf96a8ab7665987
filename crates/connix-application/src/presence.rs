//! When each attached worker was last heard. Kept in memory: a restarted server gives everybody a fresh start.

use connix_domain::id::{AgentId, OrgId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A worker's registration that is expected to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attached {
    pub(crate) org: OrgId,
    pub(crate) agent: AgentId,
    pub(crate) incarnation: i64,
}

/// When each attached worker was last heard.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    heard: Mutex<HashMap<AgentId, (Attached, Instant)>>,
}

impl Presence {
    /// It was heard just now.
    pub(crate) fn heard(&self, worker: Attached) {
        self.map().insert(worker.agent, (worker, Instant::now()));
    }
    /// It is not expected any more.
    pub(crate) fn left(&self, agent: AgentId, incarnation: i64) {
        let mut map = self.map();
        if map.get(&agent).is_some_and(|(worker, _)| worker.incarnation <= incarnation) {
            map.remove(&agent);
        }
    }
    /// Those that were not heard for longer than `silence`.
    pub(crate) fn silent(&self, silence: Duration) -> Vec<Attached> {
        self.map().values().filter(|(_, at)| at.elapsed() > silence).map(|(worker, _)| *worker).collect()
    }
    /// Nobody could be heard until now: all are given as long again.
    pub(crate) fn refresh(&self) {
        self.map().values_mut().for_each(|(_, at)| *at = Instant::now());
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<AgentId, (Attached, Instant)>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
