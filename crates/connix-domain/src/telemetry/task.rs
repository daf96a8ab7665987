//! What an agent's tasks came to.

use super::{Period, ResponseTimes};
use crate::Timestamp;
use crate::task::{Task, TaskPhase, Usage};
use std::collections::BTreeMap;

/// Counts of tasks in a stretch of time. A task belongs to the time in which it was made, and to that in which it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskFigures {
    /// How many were given.
    pub created: i64,
    /// How many completed.
    pub completed: i64,
    /// How many failed for good.
    pub failed: i64,
    /// How many were called off.
    pub cancelled: i64,
    /// The response times of those that completed, together, in microseconds.
    pub response_micros: i64,
    /// What those cost that ended.
    pub usage: Usage,
}

impl TaskFigures {
    /// What is counted when a task is given.
    pub fn of_creation() -> Self {
        Self { created: 1, ..Self::default() }
    }
    /// What is counted when a task has ended, and when that was. `None` while it is open.
    pub fn of_end(task: &Task) -> Option<(Timestamp, Self)> {
        let at = task.completed_at?;
        Some((at, Self::of_outcome(task.phase, task.response_micros().unwrap_or(0), task.usage)?))
    }
    /// What is counted of a task that ended like this. `None` while it is open.
    pub fn of_outcome(phase: TaskPhase, response_micros: u64, usage: Usage) -> Option<Self> {
        let ended = Self { usage: usage.counted(), ..Self::default() };
        match phase {
            TaskPhase::Completed => Some(Self { completed: 1, response_micros: response_micros as i64, ..ended }),
            TaskPhase::Failed => Some(Self { failed: 1, ..ended }),
            TaskPhase::Cancelled => Some(Self { cancelled: 1, ..ended }),
            TaskPhase::Queued | TaskPhase::Running => None,
        }
    }
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
            response_micros: self.response_micros.saturating_add(other.response_micros),
            usage: self.usage.plus(other.usage),
        }
    }
    /// How many ended, in whatever way.
    pub fn ended(&self) -> i64 {
        self.completed + self.failed + self.cancelled
    }
    /// `completed + failed + in_progress`: those called off are left out (contract section 6).
    pub fn total(&self, in_progress: i64) -> i64 {
        self.completed + self.failed + in_progress
    }
    /// Which part of the total completed, to 3 places; 0 of none.
    pub fn success_rate(&self, in_progress: i64) -> f64 {
        let total = self.total(in_progress).max(1);
        (self.completed as f64 / total as f64 * 1000.0).round() / 1000.0
    }
    /// How long a task that completed took on average, in seconds; 0 without one.
    pub fn average_response_seconds(&self) -> f64 {
        self.response_micros as f64 / 1e6 / self.completed.max(1) as f64
    }
}

/// The tasks of one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskBucket {
    /// When the bucket begins.
    pub start: Timestamp,
    /// What is counted in it.
    pub figures: TaskFigures,
    /// How many were open when it (or the period) ended.
    pub in_progress: i64,
}

/// An agent's tasks over a period.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskReport {
    /// What is counted in the whole period.
    pub total: TaskFigures,
    /// How many were open when it ended.
    pub in_progress: i64,
    /// The same for each bucket, empty ones too.
    pub series: Vec<TaskBucket>,
    /// The response times of all that completed in it.
    pub responses: ResponseTimes,
}

impl TaskReport {
    /// A report from the figures of the buckets that have any, by when these begin, and from how many tasks were open at
    /// the period's end: what was open before follows, going backwards.
    pub fn new(
        period: &Period,
        figures: &BTreeMap<Timestamp, TaskFigures>,
        in_progress: i64,
        responses: ResponseTimes,
    ) -> Self {
        let mut open = in_progress;
        let mut series = Vec::new();
        let mut total = TaskFigures::default();
        let buckets: Vec<_> = period.buckets().collect();
        for start in buckets.into_iter().rev() {
            let figures = figures.get(&start).copied().unwrap_or_default();
            series.push(TaskBucket { start, figures, in_progress: open });
            open = (open - figures.created + figures.ended()).max(0);
            total = total.plus(figures);
        }
        series.reverse();
        Self { total, in_progress, series, responses }
    }
}

/// An agent's tasks in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskTotals {
    /// What was ever counted.
    pub figures: TaskFigures,
    /// How many are open now.
    pub in_progress: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Interval;
    use chrono::DateTime;

    #[test]
    fn the_success_rate_is_that_of_the_documents_examples() {
        let figures = TaskFigures { completed: 1198, failed: 23, cancelled: 99, ..TaskFigures::default() };
        assert_eq!((figures.total(26), figures.success_rate(26)), (1247, 0.961));
    }

    #[test]
    fn nothing_is_zero() {
        let none = TaskFigures::default();
        assert_eq!((none.total(0), none.success_rate(0), none.average_response_seconds()), (0, 0.0, 0.0));
    }

    #[test]
    fn what_was_open_before_follows_from_what_is_open_at_the_end() {
        let hour = |n: i64| DateTime::from_timestamp_micros(n * 3_600_000_000).unwrap_or_default();
        let period = Period::new(hour(0), hour(3), Interval::Hour).unwrap();
        let in_two = TaskFigures { created: 4, completed: 1, cancelled: 1, ..TaskFigures::default() };
        let in_three = TaskFigures { created: 1, failed: 3, ..TaskFigures::default() };
        let figures = BTreeMap::from([(hour(1), in_two), (hour(2), in_three)]);
        let report = TaskReport::new(&period, &figures, 5, ResponseTimes::exact(Vec::new()));
        assert_eq!(report.series.iter().map(|bucket| bucket.in_progress).collect::<Vec<_>>(), [5, 7, 5]);
        assert_eq!((report.total.created, report.total.ended()), (5, 5));
    }
}
