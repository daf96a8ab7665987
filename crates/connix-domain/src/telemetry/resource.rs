//! What an agent's worker used of its host.

use super::Period;
use crate::Timestamp;
use crate::id::{AgentId, OrgId};
use crate::phases;
use chrono::Duration;
use std::collections::BTreeMap;

phases! {
    /// By what something was measured (`runtime.md` 3.6).
    pub enum MeterSource {
        /// The control group of the worker's processes.
        Cgroup = "cgroup",
        /// The sum over the tree of the worker's processes.
        Processes = "processes",
        /// What the worker says of itself.
        Worker = "worker",
        /// The bytes that the worker's own HTTP clients moved; tools have no network.
        WorkerClients = "worker_clients",
        /// The size of the workspace.
        Workspace = "workspace",
        /// The platform that the worker runs on.
        Platform = "platform",
    }
}

/// Something measured, and by what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<T> {
    /// What was measured.
    pub value: T,
    /// By what.
    pub source: MeterSource,
}

impl<T> Reading<T> {
    /// Something made of what was measured, measured by the same.
    pub fn map<U>(self, made: impl FnOnce(T) -> U) -> Reading<U> {
        Reading { value: made(self.value), source: self.source }
    }
}

/// Bytes over the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To the worker.
    pub received: i64,
    /// From the worker.
    pub sent: i64,
}

/// What one incarnation of an agent used in a window of time. `None`: not measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceSample {
    /// The tenant.
    pub org: OrgId,
    /// Whose worker it is about.
    pub agent: AgentId,
    /// Which incarnation; a sample of one that has ended is never of the next.
    pub incarnation: i64,
    /// When the window ended: the moment that the sample belongs to. No two of an incarnation have the same.
    pub at: Timestamp,
    /// How long the window was: also for how long the agent ran, which its project is charged for.
    pub window: Duration,
    /// The part of its processors that it used, 0–1.
    pub cpu: Option<Reading<f64>>,
    /// The part of its memory, 0–1.
    pub memory: Option<Reading<f64>>,
    /// The part of its disk, 0–1.
    pub disk: Option<Reading<f64>>,
    /// Bytes over the network in the window.
    pub network: Option<Reading<Traffic>>,
    /// Bytes that the workspace of its project held at the end.
    pub storage: Option<i64>,
}

/// Readings of one kind together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Meter {
    /// How many there were.
    pub count: i64,
    /// Their sum.
    pub sum: f64,
    /// The largest; 0 of none.
    pub max: f64,
}

impl Meter {
    /// Of one value, or none.
    pub fn of(value: Option<f64>) -> Self {
        value.map_or(Self::default(), |value| Self { count: 1, sum: value, max: value })
    }
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum + other.sum, max: self.max.max(other.max) }
    }
    /// The mean; 0 of none.
    pub fn average(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

/// What was used in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ResourceFigures {
    /// Processors.
    pub cpu: Meter,
    /// Memory.
    pub memory: Meter,
    /// Disk.
    pub disk: Meter,
    /// Bytes over the network, together.
    pub traffic: Traffic,
}

impl ResourceFigures {
    /// Of one sample.
    pub fn of(sample: &ResourceSample) -> Self {
        let value = |reading: Reading<f64>| reading.value;
        Self {
            cpu: Meter::of(sample.cpu.map(value)),
            memory: Meter::of(sample.memory.map(value)),
            disk: Meter::of(sample.disk.map(value)),
            traffic: sample.network.map(|reading| reading.value).unwrap_or_default(),
        }
    }
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.plus(other.cpu),
            memory: self.memory.plus(other.memory),
            disk: self.disk.plus(other.disk),
            traffic: Traffic {
                received: self.traffic.received.saturating_add(other.traffic.received),
                sent: self.traffic.sent.saturating_add(other.traffic.sent),
            },
        }
    }
}

/// By what each was measured last. `None`: it was not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sources {
    /// Processors.
    pub cpu: Option<MeterSource>,
    /// Memory.
    pub memory: Option<MeterSource>,
    /// Disk.
    pub disk: Option<MeterSource>,
    /// Network.
    pub network: Option<MeterSource>,
}

impl Sources {
    /// Of one sample.
    pub fn of(sample: &ResourceSample) -> Self {
        let source = |reading: Reading<f64>| reading.source;
        Self {
            cpu: sample.cpu.map(source),
            memory: sample.memory.map(source),
            disk: sample.disk.map(source),
            network: sample.network.map(|reading| reading.source),
        }
    }
}

/// What was used in one bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ResourceBucket {
    /// When the bucket begins.
    pub start: Timestamp,
    /// What was used in it.
    pub figures: ResourceFigures,
}

/// What an agent used over a period.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceReport {
    /// In the whole period.
    pub total: ResourceFigures,
    /// By what the last sample of the period was measured.
    pub sources: Sources,
    /// For each bucket, empty ones too.
    pub series: Vec<ResourceBucket>,
}

impl ResourceReport {
    /// A report from the figures of the buckets that have any, by when these begin.
    pub fn new(period: &Period, figures: &BTreeMap<Timestamp, ResourceFigures>, sources: Sources) -> Self {
        let of = |start: Timestamp| figures.get(&start).copied().unwrap_or_default();
        let series: Vec<_> = period.buckets().map(|start| ResourceBucket { start, figures: of(start) }).collect();
        let total = series.iter().fold(ResourceFigures::default(), |sum, bucket| sum.plus(bucket.figures));
        Self { total, sources, series }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_measured_does_not_lower_the_average() {
        let meter = [Some(0.5), None, Some(0.25)].into_iter().map(Meter::of).fold(Meter::default(), Meter::plus);
        assert_eq!((meter.average(), meter.max), (0.375, 0.5));
        assert_eq!(Meter::default().average(), 0.0);
    }
}
