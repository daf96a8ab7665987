//! Agents: make, find, change, command, remove.

use crate::app::App;
use crate::caller::{Caller, Precondition, ProjectRef};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use crate::order::{AgentCommand, AgentOrder, AgentUpdate, config_faults};
use connix_domain::agent::{
    Agent, AgentChange, AgentConfig, AgentPhase, Commanded, ConfigPatch, EnvironmentVariables, NewAgent, Patch,
    RuntimeKind,
};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, Happening};
use connix_domain::fault::Faults;
use connix_domain::id::{AgentId, OrgId};
use connix_domain::page::{AgentQuery, Page};
use connix_domain::permission::Permission;
use connix_domain::port::secrets::{Sealed, Secret};
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::Project;
use serde_json::{Map, Value};

/// An agent with what only its own page shows.
#[derive(Debug, Clone)]
pub struct AgentDetails {
    /// The agent.
    pub agent: Agent,
    /// Its project.
    pub project: Project,
    /// Its environment variables, in clear text.
    pub environment: EnvironmentVariables,
}

impl App {
    /// What is wrong with the given keys of an agent's configuration.
    pub fn config_faults(&self, patch: &ConfigPatch) -> Faults {
        config_faults(patch, &self.default_config(), &self.settings.tools)
    }

    fn default_config(&self) -> AgentConfig {
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
            created_by: caller.user,
            runtime: order.runtime.unwrap_or(self.settings.runtime),
        };
        let agent = Agent::create(new, self.now());
        let guard = Change::ProjectUnchanged { org: project.org, id: project.id, version: project.version };
        let details = AgentDetails { agent, project, environment };
        let changes = ChangeSet::new()
            .with(guard)
            .with(Change::CreateAgent(details.agent.clone()))
            .first(self.record(remember, &details));
        self.commit_agent(id, changes).await?;
        Ok(details)
    }

    /// An agent with its project and environment variables.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn agent(&self, caller: &Caller, wanted: &ProjectRef, id: &str) -> Result<AgentDetails, Error> {
        caller.may(Permission::AgentsRead)?;
        let (project, agent) = self.reachable_agent(caller, wanted, id).await?;
        self.details(project, agent)
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
        let config = agent.config.patched(&update.config, &self.default_config());
        let environment = match &update.config.environment {
            Patch::Keep => agent.environment.clone(),
            Patch::Reset => None,
            Patch::Set(variables) => self.sealed_environment(agent.org, agent.id, variables),
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

    /// Starts, pauses, stops or restarts an agent. The answer says at once what holds; the process follows.
    ///
    /// # Errors
    /// [`Error::Refused`] by the table, [`Error::ProjectArchived`], [`Error::NotFound`].
    pub async fn command_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        command: AgentCommand,
        remember: Option<Remember<'_, Agent>>,
    ) -> Result<Agent, Error> {
        caller.may(Permission::AgentsWrite)?;
        self.retrying(|| self.try_command_agent(caller, wanted, id, command, remember.as_ref())).await
    }

    async fn try_command_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        command: AgentCommand,
        remember: Option<&Remember<'_, Agent>>,
    ) -> Result<Agent, Error> {
        let (project, agent) = self.reachable_agent(caller, wanted, id).await?;
        let starts = matches!(command, AgentCommand::Start | AgentCommand::Restart);
        if starts && !project.takes_resources() {
            return Err(Error::ProjectArchived);
        }
        let now = self.now();
        let commanded = match command {
            AgentCommand::Start => agent.start(now),
            AgentCommand::Pause => agent.pause(now),
            AgentCommand::Stop => agent.stop(now),
            AgentCommand::Restart => agent.restart(now),
        }?;
        self.commit_command(caller, &project, agent, commanded, remember).await
    }

    /// Removes an agent: gone at once for everybody, its process soon after.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::PreconditionFailed`].
    pub async fn delete_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        on: &Precondition,
    ) -> Result<AgentId, Error> {
        caller.may(Permission::AgentsWrite)?;
        let deleted = self
            .retrying(|| async {
                let (project, agent) = self.reachable_agent(caller, wanted, id).await?;
                on.check(agent.version)?;
                let commanded = agent.delete(self.now())?;
                self.commit_command(caller, &project, agent, commanded, None).await
            })
            .await?;
        Ok(deleted.id)
    }

    /// A token for the worker that an agent's owner runs; the one before is worthless from now on.
    ///
    /// # Errors
    /// [`Error::NotExternal`], [`Error::NotFound`].
    pub async fn worker_token(&self, caller: &Caller, wanted: &ProjectRef, id: &str) -> Result<Secret, Error> {
        caller.may(Permission::AgentsWrite)?;
        self.retrying(|| async {
            let (_, agent) = self.reachable_agent(caller, wanted, id).await?;
            if agent.runtime != RuntimeKind::External {
                return Err(Error::NotExternal);
            }
            let (text, digest) = self.ports.credentials.mint_worker_token(agent.org, agent.id);
            self.commit(ChangeSet::new().with(Change::UpdateAgent(agent.with_token(digest)))).await?;
            Ok(text)
        })
        .await
    }

    /// Writes what became of a command. A project that must still take resources is guarded.
    async fn commit_command(
        &self,
        caller: &Caller,
        project: &Project,
        agent: Agent,
        commanded: Commanded,
        remember: Option<&Remember<'_, Agent>>,
    ) -> Result<Agent, Error> {
        let (next, changes) = match commanded {
            Commanded::Already => (agent, ChangeSet::new()),
            Commanded::Changed(next, happened) => {
                let guard = Change::ProjectUnchanged { org: project.org, id: project.id, version: project.version };
                let changes = self.agent_changes(next.as_ref().clone(), happened, caller.actor());
                (*next, ChangeSet::new().with(guard).with_all(changes))
            }
        };
        let changes = changes.first(self.record(remember, &next));
        if !changes.is_empty() {
            self.commit_agent(next.id, changes).await?;
        }
        Ok(next)
    }

    async fn commit_agent(&self, id: AgentId, changes: ChangeSet) -> Result<(), Error> {
        match self.ports.store.commit(changes).await {
            Err(CommitError::Duplicate { entity: Entity::Agent, field: "name" }) => return Err(Error::AgentNameTaken),
            other => other?,
        }
        self.wakeups.agent(id);
        self.wakeups.supervisor();
        Ok(())
    }

    /// The new state of an agent with what happened by it.
    pub(crate) fn agent_changes(&self, agent: Agent, happened: Vec<Happening>, actor: Actor) -> Vec<Change> {
        let (org, project) = (agent.org, agent.project);
        let mut changes = vec![Change::UpdateAgent(agent)];
        changes.extend(happened.into_iter().map(|h| self.raise(org, project, actor, h)));
        changes
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

    fn details(&self, project: Project, agent: Agent) -> Result<AgentDetails, Error> {
        let environment = self.environment(&agent)?;
        Ok(AgentDetails { agent, project, environment })
    }

    fn sealed_environment(&self, org: OrgId, agent: AgentId, variables: &EnvironmentVariables) -> Option<Sealed> {
        if variables.is_empty() {
            return None;
        }
        let object: Map<String, Value> = variables.iter().map(|(n, v)| (n.to_owned(), Value::from(v))).collect();
        Some(self.ports.sealer.seal(&context(org, agent), Value::Object(object).to_string().as_bytes()))
    }

    /// An agent's environment variables in clear text.
    pub(crate) fn environment(&self, agent: &Agent) -> Result<EnvironmentVariables, Error> {
        let Some(sealed) = &agent.environment else { return Ok(EnvironmentVariables::default()) };
        let plain = self.ports.sealer.open(&context(agent.org, agent.id), sealed)?;
        let object: Map<String, Value> =
            serde_json::from_slice(&plain).map_err(|e| Error::Internal(format!("environment of {}: {e}", agent.id)))?;
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Ok(EnvironmentVariables::new(object.into_iter().map(|(name, value)| (name, text(value))).collect()))
    }
}

fn context(org: OrgId, agent: AgentId) -> String {
    format!("agent/{org}/{agent}/environment_variables")
}
