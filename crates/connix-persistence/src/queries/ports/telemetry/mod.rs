//! Figures over time, from the rollups that the schema's triggers keep. Of what is less than a minute at a period's ends, the
//! rows themselves are counted.

mod resources;
mod responses;
mod retention;
mod tasks;
mod usage;

use super::{Store, dialect, rows, single, spans, sql, tables};
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::id::{AgentId, ProjectId};
use connix_domain::port::store::ReadError;
use connix_domain::port::telemetry::{Forgotten, Telemetry};
use connix_domain::scope::OrgScope;
use connix_domain::telemetry::{Period, ResourceReport, TaskReport, TaskTotals, UsageReport};
use sql::Sql;

/// `org_id = … AND agent_id = …`
fn of_agent<ST>(sql: Sql<ST>, scope: OrgScope, agent: AgentId) -> Sql<ST> {
    sql.sql("org_id = ").value(scope.org().to_string()).sql(" AND agent_id = ").value(agent.to_string())
}

/// What a read finds, where there is anything to read: one that is not awaited is never sent.
async fn rows_if<R>(any: bool, read: impl Future<Output = Result<Vec<R>, ReadError>>) -> Result<Vec<R>, ReadError> {
    if any { read.await } else { Ok(Vec::new()) }
}

#[async_trait]
impl Telemetry for Store {
    async fn task_report(&self, scope: OrgScope, agent: AgentId, period: &Period) -> Result<TaskReport, ReadError> {
        self.report_tasks(scope, agent, period).await
    }

    async fn task_totals(&self, scope: OrgScope, agent: AgentId) -> Result<TaskTotals, ReadError> {
        self.total_tasks(scope, agent).await
    }

    async fn resource_report(
        &self,
        scope: OrgScope,
        agent: AgentId,
        period: &Period,
    ) -> Result<ResourceReport, ReadError> {
        self.report_resources(scope, agent, period).await
    }

    async fn usage_report(
        &self,
        scope: OrgScope,
        project: ProjectId,
        period: &Period,
    ) -> Result<UsageReport, ReadError> {
        self.report_usage(scope, project, period).await
    }

    async fn forget_before(&self, scope: OrgScope, before: Timestamp) -> Result<Forgotten, ReadError> {
        let lines = self.forget_lines(scope, before).await?;
        Ok(Forgotten { lines, samples: self.forget_samples(scope, before).await? })
    }
}
