//! What a running agent consumes: as somebody reads it, and what lies between two readings (`runtime.md` 3.6).
//!
//! What cannot be measured is `None` and never a guess. Each instance of an agent has an [`Odometer`] of its own, so that what
//! one has consumed is never put down to the next.

use super::{MeterSource, Reading, Traffic};
use std::time::Duration;

/// A part of something that is limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// How much of it is used.
    pub used: f64,
    /// How much there is.
    pub of: f64,
}

impl Share {
    /// Between 0 and 1, whatever was read. Nothing of nothing is 0.
    pub fn fraction(self) -> f64 {
        let fraction = self.used / self.of;
        if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Processor time since the instance was launched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessorTime {
    /// Seconds, of all its processes together.
    pub seconds: f64,
    /// How many processors it may use at once.
    pub processors: f64,
}

/// What an instance has consumed until now, as far as it can be measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Consumption {
    /// Processor time since its launch.
    pub processor: Option<Reading<ProcessorTime>>,
    /// Memory now.
    pub memory: Option<Reading<Share>>,
    /// Disk now: of its project's workspace.
    pub disk: Option<Reading<Share>>,
    /// What it has moved over the network since its launch.
    pub network: Option<Reading<Traffic>>,
}

impl Consumption {
    /// The bytes in its project's workspace, where somebody saw it: what a worker says is about a folder of its own host.
    pub fn storage(&self) -> Option<i64> {
        self.disk.filter(|disk| disk.source == MeterSource::Workspace).map(|disk| disk.value.used as i64)
    }

    /// This, with what it lacks from another.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            processor: self.processor.or(other.processor),
            memory: self.memory.or(other.memory),
            disk: self.disk.or(other.disk),
            network: self.network.or(other.network),
        }
    }
}

/// What was consumed between two readings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Consumed {
    /// For how long the instance lived in that time.
    pub lived: Duration,
    /// Processor use, 0–1.
    pub cpu: Option<Reading<f64>>,
    /// Memory, 0–1, at the end.
    pub memory: Option<Reading<f64>>,
    /// Disk, 0–1, at the end.
    pub disk: Option<Reading<f64>>,
    /// Bytes moved.
    pub network: Option<Reading<Traffic>>,
}

/// What the totals of one instance of an agent were when they were last read: zero at its launch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Odometer {
    /// The instance's age at the last reading.
    read_at: Duration,
    /// Its age and its processor seconds when these could last be read.
    processor: (Duration, f64),
    traffic: Traffic,
}

impl Odometer {
    /// Reads the totals of an instance of this age; gives what was consumed since they were read before. Totals of an
    /// earlier age give nothing.
    pub fn advance(&mut self, age: Duration, now: &Consumption) -> Consumed {
        let lived = age.saturating_sub(self.read_at);
        self.read_at = self.read_at.max(age);
        let fraction = |share: Reading<Share>| share.map(Share::fraction);
        Consumed {
            lived,
            cpu: now.processor.and_then(|time| self.processor_share(age, time.value).map(|value| time.map(|_| value))),
            memory: now.memory.map(fraction),
            disk: now.disk.map(fraction),
            network: now.network.map(|moved| moved.map(|moved| self.moved(moved))),
        }
    }

    fn processor_share(&mut self, age: Duration, time: ProcessorTime) -> Option<f64> {
        let (then, before) = std::mem::replace(&mut self.processor, (age, time.seconds));
        let elapsed = age.checked_sub(then).filter(|elapsed| !elapsed.is_zero())?;
        // a child whose parent ended without waiting takes its time with it: less than before is nothing, not a debt
        let used = (time.seconds - before).max(0.0);
        Some(Share { used, of: elapsed.as_secs_f64() * time.processors }.fraction())
    }

    /// A counter that stands lower than before has been started anew.
    fn moved(&mut self, now: Traffic) -> Traffic {
        let before = std::mem::replace(&mut self.traffic, now);
        let since = |now: i64, before: i64| if now < before { now.max(0) } else { now - before };
        Traffic { received: since(now.received, before.received), sent: since(now.sent, before.sent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<T>(value: T) -> Option<Reading<T>> {
        Some(Reading { value, source: MeterSource::Processes })
    }
    fn at(seconds: f64, processors: f64) -> Consumption {
        Consumption { processor: read(ProcessorTime { seconds, processors }), ..Consumption::default() }
    }
    fn moved(received: i64, sent: i64) -> Consumption {
        Consumption { network: read(Traffic { received, sent }), ..Consumption::default() }
    }
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn processor_use_is_the_share_of_all_processors_since_the_reading_before() {
        let mut odometer = Odometer::default();
        let mut cpu = |age: u32, now| odometer.advance(age * SECOND, &now).cpu;
        assert_eq!(cpu(10, at(4.0, 2.0)), read(0.2));
        assert_eq!(cpu(20, at(14.0, 2.0)), read(0.5));
        assert_eq!(cpu(30, Consumption::default()), None);
        assert_eq!(cpu(40, at(24.0, 2.0)), read(0.25), "over the time in which it was not read");
        assert_eq!(cpu(50, at(3.0, 2.0)), read(0.0), "time that was lost with a child");
    }

    #[test]
    fn a_counter_that_was_started_anew_counts_from_zero() {
        let mut odometer = Odometer::default();
        let mut network = |age: u32, received, sent| odometer.advance(age * SECOND, &moved(received, sent)).network;
        assert_eq!(network(1, 100, 10), read(Traffic { received: 100, sent: 10 }));
        assert_eq!(network(2, 150, 10), read(Traffic { received: 50, sent: 0 }));
        assert_eq!(network(3, 7, 3), read(Traffic { received: 7, sent: 3 }));
    }

    #[test]
    fn storage_is_what_was_seen_of_a_workspace_and_nothing_that_a_worker_says() {
        let disk = |source| Some(Reading { value: Share { used: 12.0, of: 1000.0 }, source });
        let storage = |disk| Consumption { disk, ..Consumption::default() }.storage();
        assert_eq!(storage(disk(MeterSource::Workspace)), Some(12));
        assert_eq!((storage(disk(MeterSource::Worker)), storage(None)), (None, None));
    }

    #[test]
    fn what_is_not_measured_is_nothing_and_not_zero() {
        let consumed = Odometer::default().advance(SECOND, &Consumption::default());
        assert_eq!(consumed, Consumed { lived: SECOND, ..Consumed::default() });
    }

    #[test]
    fn a_share_is_a_fraction_whatever_it_is_of() {
        let share = |used, of| Share { used, of }.fraction();
        assert_eq!([share(1.0, 4.0), share(9.0, 4.0), share(-1.0, 4.0)], [0.25, 1.0, 0.0]);
        assert_eq!([share(0.0, 0.0), share(1.0, 0.0)], [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn the_parts_of_a_life_add_up_to_the_whole(steps in prop::collection::vec((0_u64..10_000, 0_i64..1_000_000), 1..50)) {
            let mut odometer = Odometer::default();
            let (mut age, mut total) = (Duration::ZERO, 0);
            let (mut lived, mut bytes) = (Duration::ZERO, 0);
            for (millis, received) in steps {
                age += Duration::from_millis(millis);
                total += received;
                let consumed = odometer.advance(age, &moved(total, 0));
                lived += consumed.lived;
                bytes += consumed.network.unwrap().value.received;
            }
            prop_assert_eq!(lived, age);
            prop_assert_eq!(bytes, total);
        }

        #[test]
        fn usage_is_a_fraction_whatever_is_read(age in 0_u64..100_000, seconds in -1e9_f64..1e9, processors in -4.0_f64..64.0) {
            let cpu = Odometer::default().advance(Duration::from_millis(age), &at(seconds, processors)).cpu;
            prop_assert!(cpu.is_none_or(|cpu| (0.0..=1.0).contains(&cpu.value)));
        }
    }
}
