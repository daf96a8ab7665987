//! What is counted. Recording never waits and never fails.

use std::time::Duration;

/// Counters and histograms of the running service.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Metrics: Send + Sync {
    /// An HTTP request was answered. `route` is the template, not the path.
    fn request(&self, method: &str, route: &str, status: u16, took: Duration);
    /// A group of `units` change sets became durable in one transaction.
    fn committed(&self, units: usize, took: Duration);
    /// A task reached its end: `completed`, `failed` or `cancelled`.
    fn task_ended(&self, outcome: &'static str);
    /// Model tokens were used.
    fn tokens(&self, model: &str, prompt: u64, completion: u64);
    /// So many streams more, or fewer, are being sent.
    fn streams(&self, change: i64);
    /// An agent's process was launched.
    fn agent_launched(&self);
    /// An agent's process ended without having been told to.
    fn agent_crashed(&self);
}
