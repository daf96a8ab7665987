//! How long answers took: percentiles over a whole period.

use super::histogram::{Histogram, rank};

/// Of fewer completed tasks than this the percentiles are exact.
pub const MOST_EXACT: i64 = 5000;

/// The response times of the tasks that completed in a period, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseTimes {
    /// All of them, sorted.
    Exact(Vec<u64>),
    /// By size: within one part in 64.
    Estimated(Histogram),
}

impl ResponseTimes {
    /// All of them.
    pub fn exact(mut micros: Vec<u64>) -> Self {
        micros.sort_unstable();
        Self::Exact(micros)
    }
    /// The time in seconds that `share` (0–1) of the tasks did not exceed, by nearest rank; 0 of none.
    pub fn quantile_seconds(&self, share: f64) -> f64 {
        let micros = match self {
            Self::Exact(sorted) => {
                rank(share, sorted.len() as u64).and_then(|rank| sorted.get(rank as usize - 1)).copied()
            }
            Self::Estimated(histogram) => histogram.quantile(share),
        };
        micros.unwrap_or(0) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let times = ResponseTimes::exact((1..=100).rev().map(|n| n * 1_000_000).collect());
        assert_eq!(times.quantile_seconds(0.95), 95.0);
        assert_eq!(times.quantile_seconds(0.99), 99.0);
        assert_eq!(times.quantile_seconds(0.0), 1.0);
        assert_eq!(times.quantile_seconds(1.0), 100.0);
    }

    #[test]
    fn without_tasks_it_is_zero() {
        assert_eq!(ResponseTimes::exact(Vec::new()).quantile_seconds(0.95), 0.0);
        assert_eq!(ResponseTimes::Estimated(Histogram::new()).quantile_seconds(0.95), 0.0);
    }
}
