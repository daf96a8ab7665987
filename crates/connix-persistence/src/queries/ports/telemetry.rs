//! Figures over time. Not built yet: the next commits bring the rollups that answer.

use super::Store;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::id::{AgentId, ProjectId};
use connix_domain::port::store::ReadError;
use connix_domain::port::telemetry::{Forgotten, Telemetry};
use connix_domain::scope::OrgScope;
use connix_domain::telemetry::{Period, ResourceReport, TaskReport, TaskTotals, UsageReport};

fn not_built() -> ReadError {
    ReadError::Unavailable("figures over time are not built yet".to_owned())
}

#[async_trait]
impl Telemetry for Store {
    async fn task_report(&self, _: OrgScope, _: AgentId, _: &Period) -> Result<TaskReport, ReadError> {
        Err(not_built())
    }
    async fn task_totals(&self, _: OrgScope, _: AgentId) -> Result<TaskTotals, ReadError> {
        Err(not_built())
    }
    async fn resource_report(&self, _: OrgScope, _: AgentId, _: &Period) -> Result<ResourceReport, ReadError> {
        Err(not_built())
    }
    async fn usage_report(&self, _: OrgScope, _: ProjectId, _: &Period) -> Result<UsageReport, ReadError> {
        Err(not_built())
    }
    async fn forget_before(&self, _: Timestamp) -> Result<Forgotten, ReadError> {
        Err(not_built())
    }
}
