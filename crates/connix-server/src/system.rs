//! Time and chance of the real world: the adapters of the `Clock` and `IdSource` ports.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use connix_domain::Timestamp;
use connix_domain::port::clock::{Clock, IdSource};
use nix::time::{ClockId, clock_gettime};

/// The system's time of day, without its jumps back.
///
/// A jump back must not keep an agent waiting for as long. So this runs with the clock that counts from boot (suspensions
/// included) and draws near to the time of day by at most a tenth of the time that passes. When the time of day is far
/// ahead, a virtual machine has slept, and it is followed at once: the supervisor gives the leases another while then.
#[derive(Debug)]
pub(crate) struct SystemClock;

/// What the process was told last: it has one time, however many hold a clock.
static LAST: Mutex<Option<Reading>> = Mutex::new(None);

/// Nobody corrects a clock that is set by so much.
const FAR_AHEAD: TimeDelta = TimeDelta::seconds(60);

/// One instant by two clocks.
#[derive(Debug, Clone, Copy)]
struct Reading {
    since_boot: Duration,
    time: DateTime<Utc>,
}

impl Reading {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    fn of_the_system() -> Option<Self> {
        let since_boot = clock_gettime(ClockId::CLOCK_BOOTTIME).ok()?;
        Some(Self { since_boot: since_boot.into(), time: Utc::now() })
    }

    /// The system's reading as it follows on ours.
    fn after(self, ours: Self) -> Self {
        let passed = TimeDelta::from_std(self.since_boot.saturating_sub(ours.since_boot)).unwrap_or_default();
        let expected = ours.time + passed;
        if self.time - expected > FAR_AHEAD {
            return self;
        }
        let most = passed / 10;
        Self { time: expected + (self.time - expected).clamp(-most, most), ..self }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::disallowed_methods, reason = "a system without that clock has the time of day alone")]
        let Some(system) = Reading::of_the_system() else { return Utc::now().trunc_subsecs(6) };
        let ours = last.map_or(system, |ours| system.after(ours));
        *last = Some(ours);
        ours.time.trunc_subsecs(6)
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

    const HOUR: i64 = 3600;

    /// `seconds` since boot, when the time of day is `time` seconds.
    fn reading(seconds: u64, time: i64) -> Reading {
        Reading { since_boot: Duration::from_secs(seconds), time: DateTime::from_timestamp(time, 0).unwrap() }
    }

    fn time_after(jump: i64, passed: u64) -> i64 {
        let passed_too = i64::try_from(passed).unwrap();
        reading(passed, 10 * HOUR + passed_too + jump).after(reading(0, 10 * HOUR)).time.timestamp() - 10 * HOUR
    }

    #[test]
    fn an_instant_has_no_more_than_microseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1000, 0);
    }

    #[test]
    fn time_goes_on() {
        let first = SystemClock.now();
        assert!(SystemClock.now() >= first);
        assert_eq!(time_after(0, 10), 10);
    }

    /// F55.
    #[test]
    fn a_jump_back_is_followed_slowly_and_a_long_sleep_at_once() {
        assert_eq!((time_after(-HOUR, 30), time_after(HOUR, 30)), (27, HOUR + 30));
    }

    #[test]
    fn small_corrections_are_taken_at_once() {
        assert_eq!((time_after(1, 30), time_after(-1, 30)), (31, 29));
    }

    #[test]
    fn after_ten_hours_the_jump_is_caught_up() {
        let passed = u64::try_from(10 * HOUR).unwrap();
        assert_eq!(time_after(-HOUR, passed), 9 * HOUR);
    }
}
