//! Agents: find them, and what is common to everything that is done with one.

mod change;
mod command;
mod environment;

use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::{Error, Resource};
use connix_domain::agent::{Agent, AgentPhase, EnvironmentVariables};
use connix_domain::page::{AgentQuery, Page};
use connix_domain::permission::Permission;
use connix_domain::project::Project;
use connix_domain::telemetry::TaskTotals;

/// An agent with what only its own page shows.
#[derive(Debug, Clone)]
pub struct AgentDetails {
    /// The agent.
    pub agent: Agent,
    /// Its project.
    pub project: Project,
    /// Its environment variables, in clear text.
    pub environment: EnvironmentVariables,
    /// What its tasks came to; known where it is asked for alone.
    pub stats: Option<TaskTotals>,
}

impl App {
    /// An agent with its project, environment variables and what its tasks came to.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn agent(&self, caller: &Caller, wanted: &ProjectRef, id: &str) -> Result<AgentDetails, Error> {
        caller.may(Permission::AgentsRead)?;
        let (project, agent) = self.reachable_agent(caller, wanted, id).await?;
        let stats = self.store().task_totals(caller.scope, agent.id).await?;
        Ok(AgentDetails { stats: Some(stats), ..self.details(project, agent)? })
    }

    /// A part of a project's list of agents. `query.project` is set here.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn agents(&self, caller: &Caller, wanted: &ProjectRef, query: AgentQuery) -> Result<Page<Agent>, Error> {
        caller.may(Permission::AgentsRead)?;
        let project = self.reachable_project(caller, wanted).await?;
        Ok(self.store().agents(caller.scope, &AgentQuery { project: project.id, ..query }).await?)
    }

    /// An agent of a project that the caller's credential reaches.
    pub(crate) async fn reachable_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
    ) -> Result<(Project, Agent), Error> {
        let project = self.reachable_project(caller, wanted).await?;
        let not_found = || Error::NotFound(Resource::Agent(id.to_owned()));
        let parsed = id.parse().map_err(|_| not_found())?;
        let agent = self.store().agent(caller.scope, parsed).await?;
        let theirs = |agent: &Agent| agent.project == project.id && agent.phase != AgentPhase::Deleted;
        let agent = agent.filter(theirs).ok_or_else(not_found)?;
        Ok((project, agent))
    }

    pub(super) fn details(&self, project: Project, agent: Agent) -> Result<AgentDetails, Error> {
        let environment = self.environment(&agent)?;
        Ok(AgentDetails { agent, project, environment, stats: None })
    }
}
