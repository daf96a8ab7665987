//! Figures over time. They are recorded by the changes that they are about, whole and once like these:
//! [`CreateTask`](crate::change_set::Change::CreateTask), [`UpdateTask`](crate::change_set::Change::UpdateTask),
//! [`AppendSamples`](crate::change_set::Change::AppendSamples).

use super::store::ReadError;
use crate::Timestamp;
use crate::id::{AgentId, ProjectId};
use crate::scope::OrgScope;
use crate::telemetry::{Period, ResourceReport, TaskReport, TaskTotals, UsageReport};
use async_trait::async_trait;

/// What was dropped because of its age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Log lines.
    pub lines: u64,
    /// Resource samples.
    pub samples: u64,
}

/// Figures over time. What is asked costs follows the period, not the history.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Telemetry: Send + Sync {
    /// What an agent's tasks came to in a period.
    ///
    /// - A task MUST be counted in the period in which it ended, once, whatever was tried in vain.
    /// - The tasks in progress MUST be those that were made before the end of the bucket or period and had not ended by then.
    /// - The series MUST have an entry for every bucket of the period, and MUST add up to the total.
    /// - The response times MUST be exact when fewer than [`MOST_EXACT`](crate::telemetry::MOST_EXACT) tasks completed in
    ///   the period, and MUST be within one part in 64 of that otherwise.
    async fn task_report(&self, scope: OrgScope, agent: AgentId, period: &Period) -> Result<TaskReport, ReadError>;
    /// MUST give what an agent's tasks came to since it was made.
    async fn task_totals(&self, scope: OrgScope, agent: AgentId) -> Result<TaskTotals, ReadError>;
    /// What an agent's worker used in a period. A sample that is appended again MUST be counted once.
    async fn resource_report(
        &self,
        scope: OrgScope,
        agent: AgentId,
        period: &Period,
    ) -> Result<ResourceReport, ReadError>;
    /// What a project used in the minutes that a period touches, by model.
    ///
    /// - What an agent used MUST stay with its project when the agent is gone.
    /// - Tokens MUST be counted when they are reported, also those of an attempt that failed.
    /// - What an attempt used MUST be charged to the model that it was given.
    /// - The storage of a bucket MUST be what was last measured in it, also when the agent is gone.
    async fn usage_report(
        &self,
        scope: OrgScope,
        project: ProjectId,
        period: &Period,
    ) -> Result<UsageReport, ReadError>;
    /// Drops an organisation's log lines and resource samples from before a moment, in slices. Where lines of an agent were dropped there MUST be a line
    /// that says so, see [`LogLine::dropped`](crate::log::LogLine::dropped). Figures MUST stay.
    async fn forget_before(&self, scope: OrgScope, before: Timestamp) -> Result<Forgotten, ReadError>;
}
