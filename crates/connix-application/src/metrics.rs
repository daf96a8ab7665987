//! What an agent's tasks came to and what it used, over a period.

use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::Error;
use connix_domain::permission::Permission;
use connix_domain::telemetry::{Period, ResourceReport, TaskReport};

/// An agent's figures over a period.
#[derive(Debug, Clone)]
pub struct AgentMetrics {
    /// The period.
    pub period: Period,
    /// Its tasks.
    pub tasks: TaskReport,
    /// What its worker used.
    pub resources: ResourceReport,
    /// How many minutes of the period have passed: what rates are relative to.
    pub minutes: f64,
}

impl App {
    /// An agent's figures over a period.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn agent_metrics(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        period: Period,
    ) -> Result<AgentMetrics, Error> {
        caller.may(Permission::AgentsRead)?;
        let (_, agent) = self.reachable_agent(caller, wanted, agent).await?;
        let (tasks, resources) = tokio::try_join!(
            self.store().task_report(caller.scope, agent.id, &period),
            self.store().resource_report(caller.scope, agent.id, &period),
        )?;
        let passed = self.now().clamp(period.start(), period.end()) - period.start();
        let minutes = passed.num_milliseconds() as f64 / 60_000.0;
        Ok(AgentMetrics { period, tasks, resources, minutes })
    }
}
