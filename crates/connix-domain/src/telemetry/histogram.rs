//! Durations by their size, log-linear: 32 steps to each power of two.

use std::collections::BTreeMap;

/// Each power of two is cut into two to the power of this many steps.
const STEP_BITS: u32 = 5;

/// How many durations there were of each size, in microseconds.
///
/// A duration is kept as the lower bound of its step, and read back as the middle of it: exactly below 64 µs, else wrong by
/// at most one part in 64 (1.6 %). Two histograms are merged by adding, so that a store can do it with `SUM … GROUP BY`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<u64, u64>);

impl Histogram {
    /// The longest duration that is told from longer ones: 12.7 days.
    pub const LONGEST: u64 = (1 << 40) - 1;

    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lower bound of the step that a duration falls into.
    pub const fn step_of(micros: u64) -> u64 {
        let micros = if micros > Self::LONGEST { Self::LONGEST } else { micros };
        let shift = shift_of(micros);
        (micros >> shift) << shift
    }

    /// Counts a duration.
    pub fn record(&mut self, micros: u64) {
        self.add(Self::step_of(micros), 1);
    }

    /// Counts `count` durations of the step that `step` is in: how a store's rows become a histogram.
    pub fn add(&mut self, step: u64, count: u64) {
        if count > 0 {
            *self.0.entry(Self::step_of(step)).or_default() += count;
        }
    }

    /// Both together.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        for (step, count) in &other.0 {
            self.add(*step, *count);
        }
        self
    }

    /// How many durations there were.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The steps that there were any of, with their counts, from the shortest.
    pub fn steps(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(step, count)| (*step, *count))
    }

    /// The duration that `share` (0–1) of all do not exceed, by nearest rank. `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let rank = rank(share, self.count())?;
        let mut below = 0;
        let step = self.0.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        step.map(|(step, _)| step + (1 << shift_of(*step)) / 2)
    }
}

/// By how many bits a duration is cut.
const fn shift_of(micros: u64) -> u32 {
    (u64::BITS - micros.leading_zeros()).saturating_sub(STEP_BITS + 1)
}

/// The place, from 1, of the quantile among `count` sorted values.
pub(super) fn rank(share: f64, count: u64) -> Option<u64> {
    let rank = (share.clamp(0.0, 1.0) * count as f64).ceil() as u64;
    (count > 0).then(|| rank.clamp(1, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn durations() -> impl Strategy<Value = Vec<u64>> {
        vec((0_u32..40, any::<u64>()).prop_map(|(bits, any)| any & ((1 << bits) - 1)), 1..200)
    }
    fn histogram(durations: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        durations.iter().for_each(|micros| histogram.record(*micros));
        histogram
    }

    #[test]
    fn steps_are_as_documented() {
        for exact in 0..64 {
            assert_eq!(Histogram::step_of(exact), exact);
        }
        assert_eq!(Histogram::step_of(65), 64);
        assert_eq!(Histogram::step_of(2_340_000), 2_293_760);
        assert_eq!(Histogram::step_of(u64::MAX), Histogram::step_of(Histogram::LONGEST));
    }

    #[test]
    fn of_nothing_there_is_no_quantile() {
        assert_eq!(Histogram::new().quantile(0.5), None);
        assert_eq!(Histogram::new().count(), 0);
    }

    proptest! {
        #[test]
        fn merging_is_commutative_and_associative(a in durations(), b in durations(), c in durations()) {
            let (a, b, c) = (histogram(&a), histogram(&b), histogram(&c));
            prop_assert_eq!(a.clone().merge(&b), b.clone().merge(&a));
            prop_assert_eq!(a.clone().merge(&b).merge(&c), a.merge(&b.merge(&c)));
        }
        #[test]
        fn merging_is_the_same_as_recording_all_in_one(a in durations(), b in durations()) {
            let all: Vec<_> = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(histogram(&a).merge(&histogram(&b)), histogram(&all));
        }
        #[test]
        fn a_quantile_is_within_one_part_in_64_of_the_exact_one(mut all in durations(), share in 0.0..=1.0) {
            let estimate = histogram(&all).quantile(share);
            all.sort_unstable();
            let exact = rank(share, all.len() as u64).and_then(|rank| all.get(rank as usize - 1)).copied();
            let (Some(estimate), Some(exact)) = (estimate, exact) else { return Err(TestCaseError::fail("no quantile")) };
            prop_assert!(estimate.abs_diff(exact) <= exact / 64, "{} for {}", estimate, exact);
        }
        #[test]
        fn a_duration_is_in_the_step_it_is_counted_in(micros in 0..=Histogram::LONGEST) {
            let step = Histogram::step_of(micros);
            prop_assert_eq!(Histogram::step_of(step), step);
            prop_assert!(step <= micros && micros < step + (1 << shift_of(micros)));
        }
    }
}
