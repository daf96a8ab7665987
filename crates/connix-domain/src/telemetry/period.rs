//! What somebody asks about: from when, until when, in buckets of which length.

use super::interval::{Grain, Interval, floor, moment};
use crate::Timestamp;
use std::iter::successors;

/// A series has at most this many buckets.
pub const MOST_BUCKETS: i64 = 1500;

/// `[start, end)`, cut into buckets that are aligned to UTC: the first and the last may be cut short by the period's ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    start: Timestamp,
    end: Timestamp,
    interval: Interval,
}

/// What is wrong with a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeriod {
    /// It ends before it has begun.
    #[error("the period must end after its start")]
    Empty,
    /// It has too many buckets.
    #[error("the period has more than {MOST_BUCKETS} intervals: ask for a shorter one, or for longer intervals")]
    TooLong,
}

impl Period {
    /// A period that is not empty and has at most [`MOST_BUCKETS`] buckets.
    ///
    /// # Errors
    /// [`InvalidPeriod`]
    pub fn new(start: Timestamp, end: Timestamp, interval: Interval) -> Result<Self, InvalidPeriod> {
        if end <= start {
            return Err(InvalidPeriod::Empty);
        }
        let period = Self { start, end, interval };
        let reach = end.timestamp_micros() - interval.bucket_of(start).timestamp_micros();
        if reach > MOST_BUCKETS * interval.micros() {
            return Err(InvalidPeriod::TooLong);
        }
        Ok(period)
    }

    /// From when on.
    pub fn start(&self) -> Timestamp {
        self.start
    }
    /// Until before when.
    pub fn end(&self) -> Timestamp {
        self.end
    }
    /// The length of a bucket.
    pub fn interval(&self) -> Interval {
        self.interval
    }
    /// Whether a moment is in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
    /// When each bucket begins, in order. The first may begin before the period does.
    pub fn buckets(&self) -> impl Iterator<Item = Timestamp> {
        let (length, end) = (self.interval.micros(), self.end.timestamp_micros());
        let first = self.interval.bucket_of(self.start).timestamp_micros();
        successors(Some(first), move |micros| Some(micros + length)).take_while(move |micros| *micros < end).map(moment)
    }
    /// When the part of a bucket that is in the period is over.
    pub fn end_of(&self, bucket: Timestamp) -> Timestamp {
        moment(bucket.timestamp_micros() + self.interval.micros()).min(self.end)
    }
    /// The same, with the whole of the minutes that it begins and ends in: for figures that are known by the minute only.
    #[must_use]
    pub fn in_whole_minutes(self) -> Self {
        let minute = Grain::Minute.micros();
        let start = moment(floor(self.start.timestamp_micros(), minute));
        let end = moment(floor(self.end.timestamp_micros() + minute - 1, minute));
        Self { start, end, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Words;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        moment(seconds * 1_000_000)
    }

    #[test]
    fn a_period_has_an_entry_for_each_interval_aligned_to_utc() {
        let period = Period::new(at(3500), at(10_801), Interval::Hour);
        let buckets = period.map(|period| period.buckets().collect::<Vec<_>>());
        assert_eq!(buckets, Ok(vec![at(0), at(3600), at(7200), at(10_800)]));
    }

    #[test]
    fn its_end_does_not_belong_to_it() {
        let period = Period::new(at(0), at(7200), Interval::Hour);
        assert_eq!(period.map(|period| period.buckets().count()), Ok(2));
        assert_eq!(period.map(|period| (period.contains(at(0)), period.contains(at(7200)))), Ok((true, false)));
    }

    #[test]
    fn empty_and_too_long_ones_are_refused() {
        assert_eq!(Period::new(at(5), at(5), Interval::Day), Err(InvalidPeriod::Empty));
        assert_eq!(Period::new(at(5), at(4), Interval::Day), Err(InvalidPeriod::Empty));
        assert!(Period::new(at(0), at(1500 * 60), Interval::Minute).is_ok());
        assert_eq!(Period::new(at(0), at(1500 * 60 + 1), Interval::Minute), Err(InvalidPeriod::TooLong));
        assert_eq!(Period::new(at(-1), at(1500 * 60 - 1), Interval::Minute), Err(InvalidPeriod::TooLong));
    }

    proptest! {
        #[test]
        fn every_moment_of_it_is_in_exactly_one_bucket(start in 0_i64..10_000_000, length in 1_i64..90_000, share in 0.0..1.0, n in 0_usize..5) {
            let interval = Interval::ALL[n];
            let Ok(period) = Period::new(at(start), at(start + length), interval) else { return Ok(()) };
            let inside = moment(period.start.timestamp_micros() + (share * length as f64 * 1e6) as i64);
            let mine: Vec<_> = period.buckets().filter(|b| *b <= inside && inside < period.end_of(*b)).collect();
            prop_assert_eq!(mine, vec![interval.bucket_of(inside)]);
            prop_assert!(period.buckets().count() as i64 <= MOST_BUCKETS);
        }
    }
}
