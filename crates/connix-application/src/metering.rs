//! What running instances consume, on its way from whoever sees it to the store (`runtime.md` 3.6).
//!
//! One odometer per incarnation, from its launch to its end: what one consumed is never put down to the next. Kept in
//! memory; a server that is killed loses what was consumed since the last sample, and invents nothing.

use connix_domain::Timestamp;
use connix_domain::agent::{Agent, RuntimeKind};
use connix_domain::id::{AgentId, OrgId};
use connix_domain::port::runtime::InstanceReading;
use connix_domain::telemetry::{Consumption, Odometer, ResourceSample, Traffic};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// An incarnation of an agent.
type Key = (AgentId, i64);

/// While the store is away at most so many samples wait for it; then the oldest are lost.
const MOST_WAITING: usize = 100_000;

/// The odometers of what runs, and the samples that the store does not have yet.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    running: Mutex<HashMap<Key, Metered>>,
    waiting: Mutex<Vec<ResourceSample>>,
}

/// A running instance.
#[derive(Debug, Clone)]
struct Metered {
    org: OrgId,
    runtime: RuntimeKind,
    begun: Instant,
    /// When its worker last spoke, and what it said of itself.
    heard: Instant,
    said: Consumption,
    odometer: Odometer,
}

impl Meters {
    /// An instance has been launched, or has said hello. Those before it are gone.
    pub(crate) fn begun(&self, agent: &Agent, at: Timestamp) {
        self.keep(self.ended(agent.id, agent.control.incarnation - 1, at));
        self.map().entry(key(agent)).or_insert_with(|| Metered::new(agent));
    }

    /// Its worker has said what it has consumed. What one had consumed before this server knew it was sampled by another,
    /// or is lost.
    pub(crate) fn heard(&self, agent: &Agent, said: Consumption) {
        let mut map = self.map();
        let metered = map.entry(key(agent)).or_insert_with(|| Metered::adopted(agent, &said));
        (metered.heard, metered.said) = (Instant::now(), said);
    }

    /// What each has consumed since it was last sampled; `seen` is what the runtime sees of its instances. A local one that
    /// it does not know has ended, and what it consumed comes with its end.
    pub(crate) fn samples(
        &self,
        seen: &[InstanceReading],
        knows: impl Fn(AgentId, i64) -> bool,
        at: Timestamp,
    ) -> Vec<ResourceSample> {
        let seen: HashMap<Key, Consumption> =
            seen.iter().map(|reading| ((reading.agent, reading.incarnation), reading.consumption)).collect();
        let mut map = self.map();
        let living = map.iter_mut().filter(|(key, of)| of.runtime == RuntimeKind::External || knows(key.0, key.1));
        let sampled = living.map(|(key, metered)| metered.sample(*key, seen.get(key).copied(), at));
        sampled.flatten().collect()
    }

    /// An agent's instances up to an incarnation are gone: what they had consumed beyond their last samples.
    pub(crate) fn ended(&self, agent: AgentId, incarnation: i64, at: Timestamp) -> Vec<ResourceSample> {
        let mut map = self.map();
        let gone = map.extract_if(|key, _| key.0 == agent && key.1 <= incarnation);
        gone.filter_map(|(key, mut metered)| metered.sample(key, None, at)).collect()
    }

    /// Keeps samples for the store.
    pub(crate) fn keep(&self, samples: Vec<ResourceSample>) {
        let mut waiting = self.waiting();
        waiting.extend(samples);
        let surplus = waiting.len().saturating_sub(MOST_WAITING);
        waiting.drain(..surplus);
    }

    /// Takes out the samples that wait, at most `most` of them.
    pub(crate) fn take(&self, most: usize) -> Vec<ResourceSample> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<ResourceSample>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn map(&self) -> MutexGuard<'_, HashMap<Key, Metered>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Metered {
    fn new(agent: &Agent) -> Self {
        let now = Instant::now();
        let (said, odometer) = (Consumption::default(), Odometer::default());
        Self { org: agent.org, runtime: agent.runtime, begun: now, heard: now, said, odometer }
    }

    /// One that ran before this server knew it: counted from now on.
    fn adopted(agent: &Agent, said: &Consumption) -> Self {
        let mut metered = Self::new(agent);
        metered.odometer.advance(std::time::Duration::ZERO, said);
        metered
    }

    /// What it has consumed since its last sample. `None` when that is nothing in no time: an external instance is known to
    /// live as long as it is heard.
    fn sample(&mut self, key: Key, seen: Option<Consumption>, at: Timestamp) -> Option<ResourceSample> {
        let until = match self.runtime {
            RuntimeKind::Local => Instant::now(),
            RuntimeKind::External => self.heard,
        };
        let consumption = seen.unwrap_or_default().or(self.said);
        let consumed = self.odometer.advance(until.saturating_duration_since(self.begun), &consumption);
        let window = chrono::Duration::from_std(consumed.lived).ok()?;
        let (agent, incarnation) = key;
        let moved = consumed.network.is_some_and(|moved| moved.value != Traffic::default());
        (moved || window.num_microseconds() > Some(0)).then_some(ResourceSample {
            org: self.org,
            agent,
            incarnation,
            at,
            window,
            cpu: consumed.cpu,
            memory: consumed.memory,
            disk: consumed.disk,
            network: consumed.network,
            storage: consumption.storage(),
        })
    }
}

fn key(agent: &Agent) -> Key {
    (agent.id, agent.control.incarnation)
}

#[cfg(test)]
#[path = "metering_tests.rs"]
mod tests;
