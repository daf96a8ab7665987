//! Figures over time: what an agent's tasks came to, what its worker used, what a project is charged for.
//!
//! | part | what |
//! |---|---|
//! | [`Period`], [`Interval`] | what somebody asks about, cut into buckets |
//! | [`Span`], [`Grain`] | the same in whole days, hours and minutes, so that rollups can answer |
//! | [`Histogram`], [`ResponseTimes`] | percentiles over a whole period |
//! | [`Consumption`], [`Odometer`] | what a running instance consumes, and what lies between two readings |
//! | [`TaskFigures`], [`ResourceFigures`], [`ModelUsage`] | what is counted, mergeable |
//!
//! Read through [`Telemetry`](crate::port::telemetry::Telemetry); recorded by the changes that the figures are about.

mod consumption;
mod histogram;
mod interval;
mod period;
mod resource;
mod responses;
mod span;
mod task;
mod usage;

pub use consumption::{Consumed, Consumption, Odometer, ProcessorTime, Share};
pub use histogram::Histogram;
pub use interval::{Grain, Interval};
pub use period::{InvalidPeriod, MOST_BUCKETS, Period};
pub use resource::{
    Meter, MeterSource, Reading, ResourceBucket, ResourceFigures, ResourceReport, ResourceSample, Sources, Traffic,
};
pub use responses::{MOST_EXACT, ResponseTimes};
pub use span::Span;
pub use task::{TaskBucket, TaskFigures, TaskReport, TaskTotals};
pub use usage::{ModelUsage, UsageBucket, UsageReport, merged};
