//! Commands: start, pause, stop, restart, remove; and the token of an external agent's worker.

use crate::app::App;
use crate::caller::{Caller, Precondition, ProjectRef};
use crate::error::Error;
use crate::idempotency::Remember;
use crate::order::AgentCommand;
use connix_domain::agent::{Agent, Commanded, RuntimeKind};
use connix_domain::audit::{Target, changed_in_agent};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, Happening};
use connix_domain::id::AgentId;
use connix_domain::permission::Permission;
use connix_domain::port::secrets::Secret;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::Project;

impl App {
    /// Starts, pauses, stops or restarts an agent. The answer says at once what holds; the process follows.
    ///
    /// # Errors
    /// [`Error::Refused`] by the table, [`Error::ProjectArchived`], [`Error::NotFound`], [`Error::PreconditionFailed`].
    pub async fn command_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        on: &Precondition,
        command: AgentCommand,
        remember: Option<Remember<'_, Agent>>,
    ) -> Result<Agent, Error> {
        caller.may(Permission::AgentsWrite)?;
        self.retrying(|| self.try_command_agent(caller, wanted, (id, on), command, remember.as_ref())).await
    }

    async fn try_command_agent(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        (id, on): (&str, &Precondition),
        command: AgentCommand,
        remember: Option<&Remember<'_, Agent>>,
    ) -> Result<Agent, Error> {
        let (project, agent) = self.reachable_agent(caller, wanted, id).await?;
        on.check(agent.version)?;
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
    /// [`Error::NotExternal`], [`Error::NotFound`], [`Error::PreconditionFailed`].
    pub async fn worker_token(
        &self,
        caller: &Caller,
        wanted: &ProjectRef,
        id: &str,
        on: &Precondition,
        remember: Option<Remember<'_, Secret>>,
    ) -> Result<Secret, Error> {
        caller.may(Permission::AgentsWrite)?;
        self.retrying(|| async {
            let (_, agent) = self.reachable_agent(caller, wanted, id).await?;
            on.check(agent.version)?;
            if agent.runtime != RuntimeKind::External {
                return Err(Error::NotExternal);
            }
            let (text, digest) = self.ports.credentials.mint_worker_token(agent.org, agent.id);
            let audited = self.audited(caller, Target::new("agent", agent.id), ["worker_token"]);
            let changes = ChangeSet::new().with(Change::UpdateAgent(agent.with_token(digest))).with(audited);
            self.commit(changes.first(self.record(remember.as_ref(), &text))).await?;
            Ok(text)
        })
        .await
    }

    /// Writes what became of a command. A project that must still take resources is guarded.
    pub(super) async fn commit_command(
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
                let audited = self.audited(caller, Target::new("agent", agent.id), changed_in_agent(&agent, &next));
                (*next, ChangeSet::new().with(guard).with_all(changes).with(audited))
            }
        };
        let changes = changes.first(self.record(remember, &next));
        if !changes.is_empty() {
            self.commit_agent(next.id, changes).await?;
        }
        Ok(next)
    }

    pub(super) async fn commit_agent(&self, id: AgentId, changes: ChangeSet) -> Result<(), Error> {
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
}
