//! A stretch of time in the longest pieces that rollups are kept for: whole days in the middle, whole hours and minutes
//! towards its ends, and at the ends themselves what is less than a minute.
//!
//! So a question about any time is answered from at most 46 hours, 118 minutes, the rows of two parts of a minute, and the
//! days between: what it costs does not grow with what happened.

use super::interval::{Grain, floor};
use crate::Timestamp;

/// 0000-01-01: nothing is kept from before.
const EARLIEST: i64 = -62_167_219_200_000_000;
/// 10000-01-01: nothing is kept from then on.
const LATEST: i64 = 253_402_300_800_000_000;

/// A piece of time, in microseconds since 1970: `[from, until)`, perhaps empty.
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
    /// The pieces of a stretch of time from the earliest to the latest: rows, minutes, hours, days, hours, minutes, rows.
    /// There are always seven, some of them empty. None is longer than `coarsest`.
    pub fn cascade(from: Option<Timestamp>, until: Option<Timestamp>, coarsest: Grain) -> [Self; 7] {
        const GRAINS: [Option<Grain>; 7] = [
            None,
            Some(Grain::Minute),
            Some(Grain::Hour),
            Some(Grain::Day),
            Some(Grain::Hour),
            Some(Grain::Minute),
            None,
        ];
        let mut low = from.map_or(EARLIEST, |at| at.timestamp_micros()).max(EARLIEST);
        let mut high = until.map_or(LATEST, |at| at.timestamp_micros()).clamp(low, LATEST);
        let mut pieces = GRAINS.map(|grain| Self { grain, from: low, until: low });
        let mut level = 0;
        for grain in [Grain::Minute, Grain::Hour, Grain::Day] {
            let (first, last) = (floor(low + grain.micros() - 1, grain.micros()), floor(high, grain.micros()));
            if grain > coarsest || first >= last {
                break;
            }
            (pieces[level].from, pieces[level].until) = (low, first);
            (pieces[6 - level].from, pieces[6 - level].until) = (last, high);
            (low, high) = (first, last);
            level += 1;
        }
        (pieces[level].from, pieces[level].until) = (low, high);
        pieces
    }
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.from >= self.until
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
        let whole: Vec<_> = Span::cascade(None, None, Grain::Day).into_iter().filter(|span| !span.is_empty()).collect();
        assert_eq!(whole, [Span { grain: Some(Grain::Day), from: EARLIEST, until: LATEST }]);
    }

    #[test]
    fn less_than_a_minute_is_rows() {
        let (from, until) = (moment(10_000_000), moment(59_999_999));
        let pieces = Span::cascade(Some(from), Some(until), Grain::Day);
        let whole: Vec<_> = pieces.into_iter().filter(|span| !span.is_empty()).collect();
        assert_eq!(whole, [Span { grain: None, from: 10_000_000, until: 59_999_999 }]);
    }

    #[test]
    fn a_stretch_that_ends_before_it_begins_is_empty() {
        assert!(Span::cascade(Some(moment(5)), Some(moment(4)), Grain::Day).iter().all(Span::is_empty));
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_stretch_without_gap_or_overlap(from in -200_000_000_000_i64..400_000_000_000, length in 0_i64..400_000_000_000, n in 0_usize..3) {
            let coarsest = Grain::ALL[n];
            let pieces = Span::cascade(Some(moment(from)), Some(moment(from + length)), coarsest);
            let mut reached = from;
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                prop_assert_eq!(piece.from, reached);
                reached = piece.until;
                let unit = piece.grain.map_or(1, Grain::micros);
                prop_assert_eq!((piece.from.rem_euclid(unit), piece.until.rem_euclid(unit)), (0, 0));
                prop_assert!(piece.grain <= Some(coarsest));
            }
            prop_assert_eq!(reached, from + length);
        }
        #[test]
        fn only_days_can_be_many(from in -200_000_000_000_i64..400_000_000_000, length in 0_i64..400_000_000_000) {
            let pieces = Span::cascade(Some(moment(from)), Some(moment(from + length)), Grain::Day);
            let how_many = |grain: Grain| {
                let own = pieces.iter().filter(|piece| piece.grain == Some(grain));
                own.map(|piece| (piece.until - piece.from) / grain.micros()).sum::<i64>()
            };
            let rows: i64 = pieces.iter().filter(|piece| piece.grain.is_none()).map(|piece| piece.until - piece.from).sum();
            prop_assert!(how_many(Grain::Hour) <= 46 && how_many(Grain::Minute) <= 118 && rows < 2 * Grain::Minute.micros());
        }
    }
}
