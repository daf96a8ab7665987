//! A clock that stands still until it is moved.

use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::port::clock::Clock;
use std::sync::{Mutex, PoisonError};

/// A clock that shows what the test says.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }
    /// Moves it forward; gives what it shows then.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += by;
        *now
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
