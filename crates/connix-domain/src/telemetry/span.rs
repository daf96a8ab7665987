//! A stretch of time in the longest pieces that rollups are kept for: whole days in the middle, shorter pieces towards its
//! ends, and at the ends themselves what is less than a minute.
//!
//! So a question about any time is answered from the days between, at most 6 quarters of days, 10 hours, 6 quarters of
//! hours, 28 minutes, and the rows of two parts of a minute: what it costs does not grow with what happened.

use super::interval::{Grain, floor};
use crate::Timestamp;

/// 0000-01-01: nothing is kept from before.
const EARLIEST: i64 = -62_167_219_200_000_000;
/// 10000-01-01: nothing is kept from then on.
const LATEST: i64 = 253_402_300_800_000_000;

/// A piece of time, in microseconds since 1970: `[from, until)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Whole ones of these; `None`: less than a minute, which rows themselves must answer for.
    pub grain: Option<Grain>,
    /// From when on.
    pub from: i64,
    /// Until before when.
    pub until: i64,
}

impl Span {
    /// The pieces of a stretch of time from the earliest to the latest: rows, the finest grain, coarser ones, the coarsest,
    /// finer ones again, rows. Empty pieces are left out. `grains`: those that are kept, the finest first.
    pub fn cascade(from: Option<Timestamp>, until: Option<Timestamp>, grains: &[Grain]) -> Vec<Self> {
        let mut low = from.map_or(EARLIEST, |at| at.timestamp_micros()).max(EARLIEST);
        let mut high = until.map_or(LATEST, |at| at.timestamp_micros()).clamp(low, LATEST);
        let (mut early, mut late, mut finer) = (Vec::new(), Vec::new(), None);
        for grain in grains {
            let (first, last) = (floor(low + grain.micros() - 1, grain.micros()), floor(high, grain.micros()));
            if first >= last {
                break;
            }
            early.push(Self { grain: finer, from: low, until: first });
            late.push(Self { grain: finer, from: last, until: high });
            (low, high, finer) = (first, last, Some(*grain));
        }
        early.push(Self { grain: finer, from: low, until: high });
        let pieces = early.into_iter().chain(late.into_iter().rev());
        pieces.filter(|piece| piece.from < piece.until).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::interval::moment;
    use super::*;
    use crate::lifecycle::Words;
    use proptest::prelude::*;

    #[test]
    fn all_time_is_days() {
        assert_eq!(
            Span::cascade(None, None, Grain::ALL),
            [Span { grain: Some(Grain::Day), from: EARLIEST, until: LATEST }]
        );
    }

    #[test]
    fn less_than_a_minute_is_rows() {
        let (from, until) = (moment(10_000_000), moment(59_999_999));
        let pieces = Span::cascade(Some(from), Some(until), Grain::ALL);
        assert_eq!(pieces, [Span { grain: None, from: 10_000_000, until: 59_999_999 }]);
    }

    #[test]
    fn a_stretch_that_ends_before_it_begins_is_empty() {
        assert_eq!(Span::cascade(Some(moment(5)), Some(moment(4)), Grain::ALL), []);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_stretch_without_gap_or_overlap(from in -200_000_000_000_i64..400_000_000_000, length in 0_i64..400_000_000_000, kept in 0_usize..32) {
            let grains: Vec<_> = Grain::ALL.iter().copied().enumerate().filter(|(n, _)| kept & (1 << n) != 0).map(|(_, g)| g).collect();
            let mut reached = from;
            for piece in Span::cascade(Some(moment(from)), Some(moment(from + length)), &grains) {
                prop_assert!(piece.from == reached && piece.from < piece.until);
                reached = piece.until;
                let unit = piece.grain.map_or(1, Grain::micros);
                prop_assert_eq!((piece.from.rem_euclid(unit), piece.until.rem_euclid(unit)), (0, 0));
                prop_assert!(piece.grain.is_none_or(|grain| grains.contains(&grain)));
            }
            prop_assert_eq!(reached, from + length);
        }
        #[test]
        fn only_days_can_be_many(from in -200_000_000_000_i64..400_000_000_000, length in 0_i64..400_000_000_000) {
            let pieces = Span::cascade(Some(moment(from)), Some(moment(from + length)), Grain::ALL);
            let how_many = |grain: Grain| {
                let own = pieces.iter().filter(|piece| piece.grain == Some(grain));
                own.map(|piece| (piece.until - piece.from) / grain.micros()).sum::<i64>()
            };
            let rows: i64 = pieces.iter().filter(|piece| piece.grain.is_none()).map(|piece| piece.until - piece.from).sum();
            prop_assert!(rows < 2 * Grain::Minute.micros());
            prop_assert!(how_many(Grain::Minute) <= 28 && how_many(Grain::QuarterHour) <= 6);
            prop_assert!(how_many(Grain::Hour) <= 10 && how_many(Grain::QuarterDay) <= 6);
        }
    }
}
