//! Each change on the store in memory.

use super::state::State;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::audit::{AuditEntry, PlacedEntry};
use connix_domain::change_set::Change;
use connix_domain::event::{Event, SequencedEvent};
use connix_domain::id::{AgentId, OrgId, ProjectId};
use connix_domain::idempotency::IdempotencyRecord;
use connix_domain::journal::JournalEntry;
use connix_domain::log::{LogLine, PlacedLine};
use connix_domain::organisation::Organisation;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, ProjectPhase};
use connix_domain::task::{Task, TaskPhase};

pub(super) type Applied = Result<(), CommitError>;

pub(super) fn unless(broken: bool, error: CommitError) -> Applied {
    if broken { Err(error) } else { Ok(()) }
}
pub(super) fn duplicate(entity: Entity, field: &'static str) -> CommitError {
    CommitError::Duplicate { entity, field }
}
pub(super) fn stale(entity: Entity) -> CommitError {
    CommitError::Stale { entity }
}

impl State {
    pub(super) fn apply(&mut self, change: Change) -> Applied {
        match change {
            Change::CreateOrganisation(organisation) => self.create_organisation(organisation),
            Change::UpdateOrganisation(organisation) => self.update_organisation(organisation),
            Change::CreateApiKey(key) => self.create_api_key(key),
            Change::UpdateApiKey(key) => self.update_api_key(key),
            Change::TouchApiKey { org, kid, at } => {
                self.touch_api_key(org, &kid, at);
                Ok(())
            }
            Change::RevokeApiKey { key, at } => self.revoke_api_key(&key, at),
            Change::CreateMember(member) => self.create_member(member),
            Change::UpdateMember(member) => self.update_member(member),
            Change::OwnerRemains { org } => self.owner_remains(org),
            Change::CreateTeam(team) => self.create_team(team),
            Change::UpdateTeam(team) => self.update_team(team),
            Change::TeamExists { org, id } => self.team_exists(org, id),
            Change::DeleteTeam { org, id, at } => self.delete_team(org, id, at),
            Change::JoinTeam(membership) => self.join_team(membership),
            Change::LeaveTeam { org, team, user } => {
                self.memberships.remove(&(org, team, user));
                Ok(())
            }
            Change::CreateProject(project) => self.create_project(project),
            Change::UpdateProject(project) => self.update_project(project),
            Change::ProjectUnchanged { org, id, version } => {
                let kept = self.projects.get(&(org, id)).filter(|kept| kept.version == version);
                kept.map(|_| ()).ok_or(stale(Entity::Project))
            }
            Change::NoLiveAgents { org, project } => {
                let live = self.agents_of(org, project).any(|agent| agent.phase.is_alive());
                unless(live, stale(Entity::Agent))
            }
            Change::PurgeProject { org, id } => self.purge_project(org, id),
            Change::CreateAgent(agent) => self.create_agent(agent),
            Change::UpdateAgent(agent) => self.update_agent(agent),
            Change::AgentUnchanged { org, id, version } => {
                let kept = self.agents.get(&(org, id)).filter(|kept| kept.version == version);
                kept.map(|_| ()).ok_or(stale(Entity::Agent))
            }
            Change::TouchAgent { org, id, at } => {
                if let Some(agent) = self.agents.get_mut(&(org, id)) {
                    agent.last_activity = agent.last_activity.max(Some(at));
                }
                Ok(())
            }
            Change::PurgeAgent { org, id } => {
                let deleted = self.agents.get(&(org, id)).is_some_and(|a| a.phase == AgentPhase::Deleted);
                unless(!deleted, stale(Entity::Agent)).map(|()| self.remove_agent(org, id))
            }
            Change::CreateTask(task) => self.create_task(task),
            Change::UpdateTask(task) => self.update_task(task),
            Change::ExtendLease { org, task, attempt, until } => {
                let kept = self.tasks.get_mut(&(org, task));
                if let Some(task) = kept.filter(|t| t.phase == TaskPhase::Running && t.attempt == attempt) {
                    task.lease_until = Some(until);
                }
                Ok(())
            }
            Change::AppendJournal(entries) => entries.into_iter().try_for_each(|entry| self.append_entry(entry)),
            Change::AppendLogs(lines) => lines.into_iter().try_for_each(|line| self.append_line(line)),
            Change::AppendSamples(samples) => {
                samples.into_iter().for_each(|sample| self.append_sample(sample));
                Ok(())
            }
            Change::Audit(entry) => self.audit(entry),
            Change::Raise(event) => self.raise(event),
            Change::Remember(record) => self.remember(record),
            Change::Settle { key, provisional, answer } => {
                let kept = self.records.get_mut(&key).filter(|kept| kept.answer == provisional);
                kept.map(|kept| kept.answer = answer).ok_or(stale(Entity::Idempotency))
            }
            Change::OAuth(change) => self.applications.apply(change, &self.members),
            Change::SetProperty { name, value } => {
                unless(self.properties.contains_key(&name), duplicate(Entity::Property, "name"))?;
                self.properties.insert(name, value);
                Ok(())
            }
        }
    }

    pub(super) fn known(&self, org: OrgId) -> Applied {
        unless(!self.organisations.contains_key(&org), CommitError::Reference)
    }

    fn create_organisation(&mut self, organisation: Organisation) -> Applied {
        unless(self.organisations.contains_key(&organisation.id), duplicate(Entity::Organisation, "id"))?;
        self.organisation_name_is_free(&organisation)?;
        self.organisations.insert(organisation.id, organisation);
        Ok(())
    }

    fn update_organisation(&mut self, organisation: Organisation) -> Applied {
        let kept = self.organisations.get(&organisation.id);
        let stale = stale(Entity::Organisation);
        unless(kept.is_none_or(|kept| kept.version != organisation.version - 1), stale)?;
        self.organisation_name_is_free(&organisation)?;
        self.organisations.insert(organisation.id, organisation);
        Ok(())
    }

    fn organisation_name_is_free(&self, organisation: &Organisation) -> Applied {
        let key = organisation.name.sort_key();
        let same = |other: &Organisation| other.id != organisation.id && other.name.sort_key() == key;
        unless(self.organisations.values().any(same), duplicate(Entity::Organisation, "name"))
    }

    fn create_project(&mut self, project: Project) -> Applied {
        unless(self.projects.contains_key(&(project.org, project.id)), duplicate(Entity::Project, "id"))?;
        let numbered = self.projects.values().any(|other| other.number == project.number);
        unless(numbered, duplicate(Entity::Project, "number"))?;
        self.project_name_is_free(&project)?;
        self.known(project.org)?;
        self.projects.insert((project.org, project.id), project);
        Ok(())
    }

    fn update_project(&mut self, project: Project) -> Applied {
        let kept = self.projects.get(&(project.org, project.id));
        unless(kept.is_none_or(|kept| kept.version != project.version - 1), stale(Entity::Project))?;
        self.project_name_is_free(&project)?;
        self.projects.insert((project.org, project.id), project);
        Ok(())
    }

    fn project_name_is_free(&self, project: &Project) -> Applied {
        let same =
            |other: &Project| other.id != project.id && other.canonical_name.key() == project.canonical_name.key();
        let taken = project.phase != ProjectPhase::Deleted && self.projects_of(project.org).any(same);
        unless(taken, duplicate(Entity::Project, "canonical_name"))
    }

    fn purge_project(&mut self, org: OrgId, id: ProjectId) -> Applied {
        let deleted = self.projects.get(&(org, id)).is_some_and(|p| p.phase == ProjectPhase::Deleted);
        unless(!deleted, stale(Entity::Project))?;
        let agents: Vec<_> = self.agents_of(org, id).map(|agent| agent.id).collect();
        agents.into_iter().for_each(|agent| self.remove_agent(org, agent));
        self.forget_charges(org, id);
        self.projects.remove(&(org, id));
        Ok(())
    }

    fn create_agent(&mut self, agent: Agent) -> Applied {
        unless(self.agents.contains_key(&(agent.org, agent.id)), duplicate(Entity::Agent, "id"))?;
        self.agent_name_is_free(&agent)?;
        unless(!self.projects.contains_key(&(agent.org, agent.project)), CommitError::Reference)?;
        self.agents.insert((agent.org, agent.id), agent);
        Ok(())
    }

    fn update_agent(&mut self, agent: Agent) -> Applied {
        let kept = self.agents.get(&(agent.org, agent.id)).filter(|kept| kept.version == agent.version - 1);
        let last_activity = kept.map(|kept| kept.last_activity).ok_or(stale(Entity::Agent))?;
        self.agent_name_is_free(&agent)?;
        self.agents.insert((agent.org, agent.id), Agent { last_activity, ..agent });
        Ok(())
    }

    fn agent_name_is_free(&self, agent: &Agent) -> Applied {
        let same =
            |other: &Agent| other.id != agent.id && other.phase != AgentPhase::Deleted && other.name == agent.name;
        let taken = agent.phase != AgentPhase::Deleted && self.agents_of(agent.org, agent.project).any(same);
        unless(taken, duplicate(Entity::Agent, "name"))
    }

    fn remove_agent(&mut self, org: OrgId, id: AgentId) {
        let tasks: Vec<_> = self.tasks_of(org, id).map(|task| task.id).collect();
        self.journals.retain(|(of, task, _), _| *of != org || !tasks.contains(task));
        self.tasks.retain(|_, task| task.org != org || task.agent != id);
        self.logs.remove(&(org, id));
        self.samples.retain(|(of, agent, ..), _| (*of, *agent) != (org, id));
        self.old_samples.retain(|(of, agent, ..), _| (*of, *agent) != (org, id));
        self.agents.remove(&(org, id));
    }

    fn create_task(&mut self, task: Task) -> Applied {
        unless(self.tasks.contains_key(&(task.org, task.id)), duplicate(Entity::Task, "id"))?;
        let agent = self.agents.get(&(task.org, task.agent)).filter(|agent| agent.project == task.project);
        unless(agent.is_none(), CommitError::Reference)?;
        self.charge_task(None, &task);
        self.tasks.insert((task.org, task.id), task);
        Ok(())
    }

    fn update_task(&mut self, task: Task) -> Applied {
        let kept = self.tasks.get(&(task.org, task.id)).filter(|kept| kept.version == task.version - 1).cloned();
        unless(kept.is_none(), stale(Entity::Task))?;
        self.charge_task(kept.as_ref(), &task);
        self.tasks.insert((task.org, task.id), task);
        Ok(())
    }

    fn append_entry(&mut self, entry: JournalEntry) -> Applied {
        unless(!self.tasks.contains_key(&(entry.org, entry.task)), CommitError::Reference)?;
        self.journals.entry((entry.org, entry.task, entry.sequence)).or_insert(entry);
        Ok(())
    }

    fn append_line(&mut self, line: LogLine) -> Applied {
        unless(!self.agents.contains_key(&(line.org, line.agent)), CommitError::Reference)?;
        let lines = self.logs.entry((line.org, line.agent)).or_default();
        if !lines.iter().any(|other| other.line.key == line.key) {
            self.last_position += 1;
            lines.push(PlacedLine { position: self.last_position, line });
        }
        Ok(())
    }

    fn audit(&mut self, entry: AuditEntry) -> Applied {
        self.known(entry.org)?;
        let log = self.audit.entry(entry.org).or_default();
        log.push(PlacedEntry { sequence: log.len() as i64 + 1, entry });
        Ok(())
    }

    fn raise(&mut self, event: Event) -> Applied {
        self.known(event.org)?;
        let events = self.events.entry(event.org).or_default();
        unless(events.iter().any(|other| other.event.id == event.id), duplicate(Entity::Event, "id"))?;
        events.push(SequencedEvent { sequence: events.len() as i64 + 1, event });
        Ok(())
    }

    fn remember(&mut self, record: IdempotencyRecord) -> Applied {
        let kept = self.records.get(&record.key).filter(|kept| kept.expires_at > record.created_at);
        unless(kept.is_some(), duplicate(Entity::Idempotency, "key"))?;
        self.known(record.key.org)?;
        self.records.insert(record.key.clone(), record);
        Ok(())
    }
}
