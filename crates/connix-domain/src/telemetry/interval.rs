//! Lengths of time: those a series can be cut into, and those that rollups are kept for.

use crate::Timestamp;
use crate::lifecycle::Words;
use crate::phases;
use chrono::DateTime;

phases! {
    /// The length of a bucket of a series (contract section 6).
    pub enum Interval {
        /// A minute.
        Minute = "1m",
        /// Five minutes.
        FiveMinutes = "5m",
        /// A quarter of an hour.
        QuarterHour = "15m",
        /// An hour.
        Hour = "1h",
        /// A day of UTC.
        Day = "1d",
    }
}

phases! {
    /// The length of time that a rollup is kept for.
    pub enum Grain {
        /// A minute.
        Minute = "minute",
        /// A quarter of an hour.
        QuarterHour = "quarter_hour",
        /// An hour.
        Hour = "hour",
        /// A quarter of a day of UTC.
        QuarterDay = "quarter_day",
        /// A day of UTC.
        Day = "day",
    }
}

impl Grain {
    /// Its length in microseconds.
    pub const fn micros(self) -> i64 {
        match self {
            Self::Minute => 60_000_000,
            Self::QuarterHour => 900_000_000,
            Self::Hour => 3_600_000_000,
            Self::QuarterDay => 21_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }
    /// The next finer one of `grains`; `None` where only the rows themselves are finer.
    pub fn finer(self, grains: &[Self]) -> Option<Self> {
        grains.iter().copied().filter(|grain| *grain < self).max()
    }
}

impl Interval {
    /// Its length in microseconds.
    pub const fn micros(self) -> i64 {
        match self {
            Self::Minute => Grain::Minute.micros(),
            Self::FiveMinutes => 5 * Grain::Minute.micros(),
            Self::QuarterHour => 15 * Grain::Minute.micros(),
            Self::Hour => Grain::Hour.micros(),
            Self::Day => Grain::Day.micros(),
        }
    }
    /// The grains that its buckets are made of, the finest first.
    pub fn grains(self) -> Vec<Grain> {
        Grain::ALL.iter().copied().filter(|grain| *grain <= self.grain()).collect()
    }
    /// The coarsest of them.
    const fn grain(self) -> Grain {
        match self {
            Self::Minute | Self::FiveMinutes => Grain::Minute,
            Self::QuarterHour => Grain::QuarterHour,
            Self::Hour => Grain::Hour,
            Self::Day => Grain::Day,
        }
    }
    /// When the bucket begins that a moment is in. Buckets are aligned to UTC.
    pub fn bucket_of(self, at: Timestamp) -> Timestamp {
        moment(floor(at.timestamp_micros(), self.micros()))
    }
}

/// The largest multiple of `length` that is not after `micros`.
pub(super) const fn floor(micros: i64, length: i64) -> i64 {
    micros - micros.rem_euclid(length)
}

/// Microseconds since 1970 as a time.
pub(super) fn moment(micros: i64) -> Timestamp {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_on_its_interval_of_utc() {
        let at = moment(1_705_330_953_000_001); // 2024-01-15T15:02:33.000001Z
        let begins = |interval: Interval| interval.bucket_of(at).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!(begins(Interval::Minute), "2024-01-15T15:02:00Z");
        assert_eq!(begins(Interval::FiveMinutes), "2024-01-15T15:00:00Z");
        assert_eq!(begins(Interval::QuarterHour), "2024-01-15T15:00:00Z");
        assert_eq!(begins(Interval::Hour), "2024-01-15T15:00:00Z");
        assert_eq!(begins(Interval::Day), "2024-01-15T00:00:00Z");
    }

    #[test]
    fn a_bucket_before_1970_begins_before_its_moments_too() {
        assert_eq!(Interval::Hour.bucket_of(moment(-1)), moment(-3_600_000_000));
    }

    #[test]
    fn every_interval_is_made_of_whole_grains() {
        for interval in Interval::ALL {
            assert_eq!(interval.micros() % interval.grain().micros(), 0, "{interval}");
        }
    }
}
