//! A store in memory: a correct adapter for tests of what stands above the ports.
//!
//! A unit is applied to a copy of the whole state, which takes the old one's place when nothing failed. That is as simple
//! as a transaction can be, and the reason why it is for tests.

mod api_keys;
mod applications;
mod apply;
mod limits;
mod members;
mod readers;
mod select;
mod state;
mod telemetry;

pub use limits::MemoryLimits;

use async_trait::async_trait;
use connix_domain::change_set::ChangeSet;
use connix_domain::id::OrgId;
use connix_domain::port::store::{CommitError, Committer};
use state::State;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store whose data goes with it.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<Arc<State>>,
    last_number: AtomicI64,
    unforgetting: Mutex<BTreeSet<OrgId>>,
    key_look_ups: AtomicU64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on nothing that is old can be dropped of an organisation: [`ReadError::Unavailable`](connix_domain::port::store::ReadError::Unavailable).
    pub fn keep_all_of(&self, org: OrgId) {
        self.unforgetting().insert(org);
    }

    /// How often an API key was looked up so far.
    pub fn key_look_ups(&self) -> u64 {
        self.key_look_ups.load(Ordering::Relaxed)
    }

    fn unforgetting(&self) -> MutexGuard<'_, BTreeSet<OrgId>> {
        self.unforgetting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept at this moment.
    fn now(&self) -> Arc<State> {
        Arc::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state, unless `work` fails.
    fn replace<T, E>(&self, work: impl FnOnce(&mut State) -> Result<T, E>) -> Result<T, E> {
        let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = State::clone(&current);
        let done = work(&mut next)?;
        *current = Arc::new(next);
        Ok(done)
    }
}

#[async_trait]
impl Committer for MemoryStore {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.replace(|state| changes.into_iter().try_for_each(|change| state.apply(change)))
    }
}
