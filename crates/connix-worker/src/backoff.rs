//! Waiting longer after each failure.

use std::time::Duration;

/// Doubling delays between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first delay.
    pub first: Duration,
    /// The longest delay.
    pub most: Duration,
}

impl Pace {
    /// The delay after `failures` failures (from 1), spread over the upper half of its length so that workers which
    /// failed together do not return together.
    pub(crate) fn delay(self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(self.most).mul_f64(rand::random_range(0.5..1.0))
    }
}

/// Counts failures in a row.
#[derive(Debug)]
pub(crate) struct Backoff {
    pace: Pace,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, failures: 0 }
    }

    /// Another failure: how long to wait, at least `asked` when the other side named a time.
    pub(crate) fn failed(&mut self, asked: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.pace.delay(self.failures).max(asked.unwrap_or_default())
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { first: Duration::from_millis(200), most: Duration::from_secs(5) };

    #[test]
    fn delays_double_up_to_the_bound_and_keep_half_of_their_length() {
        for (failures, full) in [(1, 200), (2, 400), (3, 800), (6, 5000), (1000, 5000)] {
            let delay = PACE.delay(failures).as_millis();
            assert!((full / 2..=full).contains(&delay), "{failures}: {delay}");
        }
    }

    #[test]
    fn a_named_time_is_waited_for_and_success_starts_anew() {
        let mut backoff = Backoff::new(PACE);
        assert_eq!(backoff.failed(Some(Duration::from_secs(9))), Duration::from_secs(9));
        backoff.failed(None);
        backoff.succeeded();
        assert!(backoff.failed(None) <= Duration::from_millis(200));
    }
}
