//! Making and changing agents.

use super::AgentDetails;
use crate::app::App;
use crate::caller::{Caller, Precondition, ProjectRef};
use crate::error::Error;
use crate::idempotency::Remember;
use crate::order::{AgentOrder, AgentUpdate, config_faults};
use connix_domain::agent::{
    Agent, AgentChange, AgentConfig, AgentPhase, ConfigPatch, EnvironmentVariables, NewAgent, Patch, RuntimeKind,
};
use connix_domain::audit::Target;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::fault::Faults;
use connix_domain::id::AgentId;
use connix_domain::permission::Permission;
use connix_domain::tool::ToolCatalogue;

impl App {
    /// What is wrong with the given keys of an agent's configuration.
    pub fn config_faults(&self, patch: &ConfigPatch) -> Faults {
        config_faults(patch, &self.default_config(), &self.catalogue())
    }

    /// Whether an agent of this runtime may have the tools that a patch names.
    fn tools_fit(&self, patch: &ConfigPatch, runtime: RuntimeKind) -> Result<(), Error> {
        let mut faults = Faults::new();
        if let Patch::Set(tools) = &patch.tools {
            ToolCatalogue::check_place(tools, runtime, &mut faults);
        }
        faults.or(()).map_err(Error::Invalid)
    }

    pub(super) fn default_config(&self) -> AgentConfig {
        AgentConfig::of_model(&self.settings.llm.default_model)
    }

    /// Makes an agent. It is launched by the supervisor, or awaited when its owner runs it.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`], [`Error::ProjectArchived`], [`Error::AgentNameTaken`].
    pub async fn create_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        order: AgentOrder,
        remember: Option<Remember<'_, AgentDetails>>,
    ) -> Result<AgentDetails, Error> {
        caller.may(Permission::AgentsWrite)?;
        self.config_faults(&order.config).or(()).map_err(Error::Invalid)?;
        self.tools_fit(&order.config, order.runtime.unwrap_or(self.settings.runtime))?;
        if order.runtime == Some(RuntimeKind::Local) && self.ports.runtime.kind() != RuntimeKind::Local {
            let why = "This server runs no workers itself (runtime.kind = \"external\")";
            return Err(Error::field("runtime", why));
        }
        self.retrying(|| self.try_create_agent(caller, wanted, &order, remember.as_ref())).await
    }

    async fn try_create_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        order: &AgentOrder,
        remember: Option<&Remember<'_, AgentDetails>>,
    ) -> Result<AgentDetails, Error> {
        let project = self.reachable_project(caller, wanted).await?;
        if !project.takes_resources() {
            return Err(Error::ProjectArchived);
        }
        if self.store().agent_name_taken(caller.scope, project.id, order.name.as_str()).await? {
            return Err(Error::AgentNameTaken);
        }
        let id = AgentId::new(self.ports.ids.bits());
        let defaults = self.default_config();
        let environment =
            order.config.environment.over(&EnvironmentVariables::default(), &EnvironmentVariables::default());
        let new = NewAgent {
            org: project.org,
            id,
            project: project.id,
            name: order.name.clone(),
            description: order.description.clone(),
            config: defaults.patched(&order.config, &defaults),
            environment: self.sealed_environment(project.org, id, &environment),
            metadata: order.metadata.clone(),
            created_by: caller.access.user(),
            runtime: order.runtime.unwrap_or(self.settings.runtime),
        };
        let agent = Agent::create(new, self.now());
        let guard = Change::ProjectUnchanged { org: project.org, id: project.id, version: project.version };
        let details = AgentDetails { agent, project, environment, stats: None };
        let changes = ChangeSet::new()
            .with(guard)
            .with(Change::CreateAgent(details.agent.clone()))
            .with(self.audited(caller, Target::new("agent", id), []))
            .first(self.record(remember, &details));
        self.commit_agent(id, changes).await?;
        Ok(details)
    }

    /// Changes an agent; its worker takes the new configuration from its next task on.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`], [`Error::AgentNameTaken`], [`Error::PreconditionFailed`].
    pub async fn update_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        on: &Precondition,
        update: &AgentUpdate,
    ) -> Result<AgentDetails, Error> {
        caller.may(Permission::AgentsWrite)?;
        self.config_faults(&update.config).or(()).map_err(Error::Invalid)?;
        self.retrying(|| self.try_update_agent(caller, wanted, id, on, update)).await
    }

    async fn try_update_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        on: &Precondition,
        update: &AgentUpdate,
    ) -> Result<AgentDetails, Error> {
        let (project, agent) = self.reachable_agent(caller, wanted, id).await?;
        on.check(agent.version)?;
        if !project.takes_resources() && agent.phase == AgentPhase::Error {
            return Err(Error::ProjectArchived);
        }
        self.tools_fit(&update.config, agent.runtime)?;
        let config = agent.config.patched(&update.config, &self.default_config());
        let environment = match &update.config.environment {
            Patch::Keep => agent.environment.clone(),
            Patch::Reset => None,
            Patch::Set(sent) => self.changed_environment(&agent, sent)?,
        };
        let change = AgentChange {
            name: update.name.clone(),
            description: update.description.clone(),
            config: update.config.clone(),
            metadata: update.metadata.clone(),
        };
        let commanded = agent.update(change, config, environment, self.now())?;
        let next = self.commit_command(caller, &project, agent, commanded, None).await?;
        self.details(project, next)
    }
}
