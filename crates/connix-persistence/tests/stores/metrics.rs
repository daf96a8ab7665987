//! Metrics that a test looks at afterwards.

use connix_domain::port::metrics::Metrics;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The sizes of the groups that were committed.
#[derive(Default)]
pub(crate) struct Groups(Mutex<Vec<usize>>);

impl Groups {
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Metrics for Groups {
    fn request(&self, _: &str, _: &str, _: u16, _: Duration) {}
    fn committed(&self, units: usize, _: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(units);
    }
    fn task_ended(&self, _: &'static str) {}
    fn tokens(&self, _: &str, _: u64, _: u64) {}
    fn streams(&self, _: i64) {}
    fn agent_launched(&self) {}
    fn agent_crashed(&self) {}
}
