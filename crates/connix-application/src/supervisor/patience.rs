//! When workers that were not heard are not to be judged: it was we who could not hear.

use connix_domain::Timestamp;
use std::time::{Duration, Instant};

/// Clocks that disagree by more than this about how much time has passed: the machine slept, or was set.
const JUMP: Duration = Duration::from_secs(5);

/// After a start, an outage of the store and a jump of the clock, everybody has a lease's time to be heard.
pub(super) struct Patience {
    lease: Duration,
    until: Instant,
    seen: (Instant, Timestamp),
}

impl Patience {
    /// The service has just started; it is `time` now.
    pub(super) fn new(lease: Duration, time: Timestamp) -> Self {
        let now = Instant::now();
        Self { lease, until: now + lease, seen: (now, time) }
    }

    /// Nobody could be heard until now.
    pub(super) fn renew(&mut self) {
        self.until = Instant::now() + self.lease;
    }

    /// Whether whoever was not heard may be judged now, when it is `time`.
    pub(super) fn is_over(&mut self, time: Timestamp) -> bool {
        self.is_over_at(Instant::now(), time)
    }

    fn is_over_at(&mut self, now: Instant, time: Timestamp) -> bool {
        let (then, time_then) = std::mem::replace(&mut self.seen, (now, time));
        let told = (time - time_then).to_std().unwrap_or_default();
        if told > now.duration_since(then) + JUMP {
            tracing::warn!(seconds = told.as_secs(), "the clock jumped: no lease is ended for a while");
            self.until = now + self.lease;
        }
        now >= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    /// Whether patience is over for each (seconds passed, seconds told).
    fn over(steps: &[(u64, i64)]) -> Vec<bool> {
        let start = Timestamp::UNIX_EPOCH;
        let mut patience = Patience::new(LEASE, start);
        let now = patience.seen.0;
        let look = |(passed, told): &(u64, i64)| {
            patience.is_over_at(now + Duration::from_secs(*passed), start + chrono::Duration::seconds(*told))
        };
        steps.iter().map(look).collect()
    }

    #[test]
    fn it_lasts_a_lease_after_a_start() {
        assert_eq!(over(&[(1, 1), (29, 29), (30, 30), (31, 31)]), [false, false, true, true]);
    }

    /// F55.
    #[test]
    fn it_begins_anew_when_the_clock_jumps_ahead_and_not_when_it_jumps_back() {
        assert_eq!(over(&[(31, 31), (32, 3632), (61, 3661), (62, 3662)]), [true, false, false, true]);
        assert_eq!(over(&[(31, 31), (32, -3568)]), [true, true]);
    }
}
