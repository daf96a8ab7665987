//! What a project is charged for.

use super::Period;
use crate::Timestamp;
use crate::task::Usage;
use std::collections::BTreeMap;

/// What was used of one model in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelUsage {
    /// The model that attempts were given; for the time of agents, the one that they were configured with.
    pub model: String,
    /// Tokens and calls, counted when they were reported.
    pub usage: Usage,
    /// How many tasks completed.
    pub completed: i64,
    /// How many tasks failed for good.
    pub failed: i64,
    /// For how long agents ran, together, in microseconds: the windows of their samples.
    pub agent_micros: i64,
}

impl ModelUsage {
    /// Both together; of the same model.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            model: self.model,
            usage: self.usage.plus(other.usage),
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            agent_micros: self.agent_micros.saturating_add(other.agent_micros),
        }
    }
}

/// What was used in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageBucket {
    /// When the bucket begins.
    pub start: Timestamp,
    /// By model, in the order of their names; those alone that were used.
    pub models: Vec<ModelUsage>,
    /// The bytes in the project's workspace when they were last measured in it. `None`: they were not.
    pub storage: Option<i64>,
}

/// What a project used over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// In the whole period, by model.
    pub total: Vec<ModelUsage>,
    /// For each bucket, empty ones too.
    pub series: Vec<UsageBucket>,
}

/// Usage by model, in the order of their names.
pub fn merged(usages: impl IntoIterator<Item = ModelUsage>) -> Vec<ModelUsage> {
    let mut by_model: BTreeMap<String, ModelUsage> = BTreeMap::new();
    for usage in usages {
        let sum = by_model.remove(&usage.model).map(|sum| sum.plus(&usage));
        by_model.insert(usage.model.clone(), sum.unwrap_or(usage));
    }
    by_model.into_values().collect()
}

impl UsageReport {
    /// A report from what was used, and what was stored, in the buckets that have any, by when these begin.
    pub fn new(
        period: &Period,
        mut used: BTreeMap<Timestamp, Vec<ModelUsage>>,
        stored: &BTreeMap<Timestamp, i64>,
    ) -> Self {
        let total = merged(used.values().flatten().cloned());
        let series = period.buckets().map(|start| {
            let models = merged(used.remove(&start).unwrap_or_default());
            UsageBucket { start, models, storage: stored.get(&start).copied() }
        });
        Self { series: series.collect(), total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_added_up_by_model() {
        let of = |model: &str, completed| ModelUsage { model: model.to_owned(), completed, ..ModelUsage::default() };
        assert_eq!(merged([of("b", 1), of("a", 2), of("b", 3)]), [of("a", 2), of("b", 4)]);
    }
}
