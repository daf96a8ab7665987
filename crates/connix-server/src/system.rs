//! Time and chance of the real world: the adapters of the `Clock` and `IdSource` ports.

use chrono::{SubsecRound, Utc};
use connix_domain::Timestamp;
use connix_domain::port::clock::{Clock, IdSource};

/// The system's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}

/// Identifiers from a generator that the system's own seeds: nobody guesses the next from the last.
#[derive(Debug)]
pub(crate) struct RandomIds;

impl IdSource for RandomIds {
    fn bits(&self) -> u64 {
        rand::random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_no_more_than_microseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1000, 0);
    }
}
