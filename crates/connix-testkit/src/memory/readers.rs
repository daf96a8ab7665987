//! The reading ports of the store in memory.

use super::MemoryStore;
use super::select::{Traits, part};
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::api_key::ApiKey;
use connix_domain::audit::PlacedEntry;
use connix_domain::event::SequencedEvent;
use connix_domain::id::{AgentId, ProjectId, TaskId};
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::journal::JournalEntry;
use connix_domain::log::{LogLine, PlacedLine};
use connix_domain::organisation::Organisation;
use connix_domain::page::{AgentQuery, AuditQuery, LogQuery, Page, ProjectQuery, TaskQuery};
use connix_domain::port::audit::AuditReader;
use connix_domain::port::secrets::PresentedKey;
use connix_domain::port::store::{
    AgentReader, EventReader, IdempotencyReader, LogReader, ProjectReader, ReadError, ServiceReader, TaskReader,
};
use connix_domain::project::{Project, ProjectPhase};
use connix_domain::scope::OrgScope;
use connix_domain::task::{Task, TaskPhase};
use std::cmp::Reverse;
use std::convert::Infallible;
use std::sync::atomic::Ordering;

fn project_traits(project: &Project) -> Traits<'_> {
    let texts = [Some(project.name.as_str()), Some(project.canonical_name.as_str()), project.description.as_deref()];
    Traits {
        created_at: project.created_at,
        updated_at: project.updated_at,
        metadata: Some(&project.metadata),
        texts: texts.into_iter().flatten().collect(),
        name: project.name.sort_key(),
    }
}

fn agent_traits(agent: &Agent) -> Traits<'_> {
    Traits {
        created_at: agent.created_at,
        updated_at: agent.updated_at,
        metadata: Some(&agent.metadata),
        texts: [Some(agent.name.as_str()), agent.description.as_deref()].into_iter().flatten().collect(),
        name: agent.name.sort_key(),
    }
}

fn task_traits(task: &Task) -> Traits<'_> {
    Traits {
        created_at: task.created_at,
        updated_at: task.updated_at,
        metadata: Some(&task.order.metadata),
        texts: Vec::new(),
        name: String::new(),
    }
}

#[async_trait]
impl ServiceReader for MemoryStore {
    async fn organisations(&self) -> Result<Vec<Organisation>, ReadError> {
        let mut all: Vec<_> = self.now().organisations.values().cloned().collect();
        all.sort_by_key(|organisation| (organisation.created_at, organisation.id));
        Ok(all)
    }
    async fn presented_key(&self, key: &PresentedKey) -> Result<Option<ApiKey>, ReadError> {
        self.key_look_ups.fetch_add(1, Ordering::Relaxed);
        let found = self.now().api_keys.get(key.kid.as_str()).cloned();
        Ok(found.filter(|found| found.digest == key.digest))
    }
    async fn property(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.now().properties.get(name).cloned())
    }
    async fn reserve_project_numbers(&self, count: i64) -> Result<i64, ReadError> {
        Ok(self.last_number.fetch_add(count, Ordering::Relaxed) + 1)
    }
    async fn agents_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Agent>, ReadError> {
        let state = self.now();
        let mut due: Vec<_> = state.agents.values().filter(|a| a.due_at().is_some_and(|at| at <= now)).collect();
        due.sort_by_key(|agent| (agent.due_at(), agent.id));
        Ok(due.into_iter().take(limit as usize).cloned().collect())
    }
    async fn agents_with_process(&self) -> Result<Vec<Agent>, ReadError> {
        Ok(self.now().agents.values().filter(|agent| agent.control.process.is_live()).cloned().collect())
    }
    async fn tasks_without_lease(&self, now: Timestamp, limit: i64) -> Result<Vec<Task>, ReadError> {
        let state = self.now();
        let over = |t: &&Task| t.phase == TaskPhase::Running && t.lease_until.is_some_and(|until| until <= now);
        let mut over: Vec<_> = state.tasks.values().filter(over).collect();
        over.sort_by_key(|task| (task.lease_until, task.id));
        Ok(over.into_iter().take(limit as usize).cloned().collect())
    }
    async fn projects_to_purge(&self, limit: i64) -> Result<Vec<Project>, ReadError> {
        let state = self.now();
        let empty = |p: &&Project| p.phase == ProjectPhase::Deleted && state.agents_of(p.org, p.id).next().is_none();
        Ok(state.projects.values().filter(empty).take(limit as usize).cloned().collect())
    }
    async fn forget_expired(&self, now: Timestamp) -> Result<u64, ReadError> {
        let forgotten = self.replace(|state| {
            let before = state.records.len();
            state.records.retain(|_, record| record.expires_at > now);
            Ok::<_, Infallible>(before - state.records.len())
        });
        Ok(forgotten.map_or(0, |count| count as u64))
    }
    async fn ping(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

#[async_trait]
impl ProjectReader for MemoryStore {
    async fn project(&self, scope: OrgScope, id: ProjectId) -> Result<Option<Project>, ReadError> {
        Ok(self.now().projects_of(scope.org()).find(|p| p.id == id).cloned())
    }
    async fn project_by_number(&self, scope: OrgScope, number: i64) -> Result<Option<Project>, ReadError> {
        Ok(self.now().projects_of(scope.org()).find(|p| p.number == number).cloned())
    }
    async fn project_by_name(&self, scope: OrgScope, canonical: &str) -> Result<Option<Project>, ReadError> {
        let key = canonical.to_ascii_lowercase();
        Ok(self.now().projects_of(scope.org()).find(|p| p.canonical_name.key() == key).cloned())
    }
    async fn projects(&self, scope: OrgScope, query: &ProjectQuery) -> Result<Page<Project>, ReadError> {
        let state = self.now();
        let matches = |p: &&Project| {
            project_traits(p).pass(&query.filter)
                && query.phase.is_none_or(|phase| p.phase == phase)
                && query.within.as_ref().is_none_or(|ids| ids.contains(&p.id))
                && query.seen_by.as_ref().is_none_or(|viewer| viewer.sees(p))
        };
        let mut list: Vec<_> = state.projects_of(scope.org()).filter(matches).collect();
        list.sort_by(|a, b| project_traits(a).compare(&project_traits(b), query.sort).then(a.id.cmp(&b.id)));
        Ok(part(&list, query.window))
    }
}

#[async_trait]
impl AgentReader for MemoryStore {
    async fn agent(&self, scope: OrgScope, id: AgentId) -> Result<Option<Agent>, ReadError> {
        Ok(self.now().agents.get(&(scope.org(), id)).cloned())
    }
    async fn agents(&self, scope: OrgScope, query: &AgentQuery) -> Result<Page<Agent>, ReadError> {
        let state = self.now();
        let matches = |a: &&Agent| {
            a.phase != AgentPhase::Deleted
                && agent_traits(a).pass(&query.filter)
                && query.status.as_ref().is_none_or(|status| a.phase.status() == status)
        };
        let mut list: Vec<_> = state.agents_of(scope.org(), query.project).filter(matches).collect();
        list.sort_by(|a, b| agent_traits(a).compare(&agent_traits(b), query.sort).then(a.id.cmp(&b.id)));
        Ok(part(&list, query.window))
    }
    async fn agents_of(&self, scope: OrgScope, project: ProjectId) -> Result<Vec<Agent>, ReadError> {
        let state = self.now();
        Ok(state.agents_of(scope.org(), project).filter(|a| a.phase != AgentPhase::Deleted).cloned().collect())
    }
    async fn agent_name_taken(&self, scope: OrgScope, project: ProjectId, name: &str) -> Result<bool, ReadError> {
        let taken = |a: &Agent| a.phase != AgentPhase::Deleted && a.name.as_str() == name;
        Ok(self.now().agents_of(scope.org(), project).any(taken))
    }
}

#[async_trait]
impl TaskReader for MemoryStore {
    async fn task(&self, scope: OrgScope, id: TaskId) -> Result<Option<Task>, ReadError> {
        Ok(self.now().tasks.get(&(scope.org(), id)).cloned())
    }
    async fn tasks(&self, scope: OrgScope, query: &TaskQuery) -> Result<Page<Task>, ReadError> {
        let state = self.now();
        let matches =
            |t: &&Task| task_traits(t).pass(&query.filter) && query.phase.is_none_or(|phase| t.phase == phase);
        let mut list: Vec<_> = state.tasks_of(scope.org(), query.agent).filter(matches).collect();
        if query.newest_first {
            list.sort_by_key(|task| (Reverse(task.created_at), task.id));
        } else {
            list.sort_by_key(|task| (task.created_at, task.id));
        }
        Ok(part(&list, query.window))
    }
    async fn open_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<i64, ReadError> {
        Ok(self.now().tasks_of(scope.org(), agent).filter(|task| !task.phase.is_final()).count() as i64)
    }
    async fn next_task(&self, scope: OrgScope, agent: AgentId, now: Timestamp) -> Result<Option<Task>, ReadError> {
        let state = self.now();
        let queued = state.tasks_of(scope.org(), agent).filter(|t| t.phase == TaskPhase::Queued);
        let due = queued.filter(|task| task.not_before.is_none_or(|at| at <= now));
        Ok(due.min_by_key(|task| (task.created_at, task.id)).cloned())
    }
    async fn next_task_at(&self, scope: OrgScope, agent: AgentId) -> Result<Option<Timestamp>, ReadError> {
        let state = self.now();
        let queued = state.tasks_of(scope.org(), agent).filter(|t| t.phase == TaskPhase::Queued);
        Ok(queued.filter_map(|task| task.not_before).min())
    }
    async fn running_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<Vec<Task>, ReadError> {
        let state = self.now();
        Ok(state.tasks_of(scope.org(), agent).filter(|t| t.phase == TaskPhase::Running).cloned().collect())
    }
    async fn journal(
        &self,
        scope: OrgScope,
        task: TaskId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalEntry>, ReadError> {
        let state = self.now();
        let entries =
            state.journals.range((scope.org(), task, after.saturating_add(1))..=(scope.org(), task, i64::MAX));
        Ok(entries.take(limit as usize).map(|(_, entry)| entry.clone()).collect())
    }
    async fn journal_length(&self, scope: OrgScope, task: TaskId) -> Result<i64, ReadError> {
        let state = self.now();
        Ok(state.journals.range((scope.org(), task, i64::MIN)..=(scope.org(), task, i64::MAX)).count() as i64)
    }
}

#[async_trait]
impl LogReader for MemoryStore {
    async fn logs(&self, scope: OrgScope, query: &LogQuery) -> Result<Page<LogLine>, ReadError> {
        let state = self.now();
        let matches = |line: &&LogLine| {
            query.level.is_none_or(|level| line.level == level)
                && query.start.is_none_or(|start| line.at >= start)
                && query.end.is_none_or(|end| line.at < end)
        };
        let lines = state.logs.get(&(scope.org(), query.agent)).map_or([].as_slice(), Vec::as_slice);
        let mut list: Vec<_> = lines.iter().rev().map(|placed| &placed.line).filter(matches).collect();
        list.sort_by_key(|line| Reverse(line.at)); // stable: the later written first
        Ok(part(&list, query.window))
    }
    async fn logs_after(
        &self,
        scope: OrgScope,
        agent: AgentId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<PlacedLine>, ReadError> {
        let state = self.now();
        let lines = state.logs.get(&(scope.org(), agent)).into_iter().flatten();
        Ok(lines.filter(|placed| placed.position > after).take(limit as usize).cloned().collect())
    }
    async fn logs_before_last(&self, scope: OrgScope, agent: AgentId, count: i64) -> Result<i64, ReadError> {
        let state = self.now();
        let lines = state.logs.get(&(scope.org(), agent)).map_or([].as_slice(), Vec::as_slice);
        Ok(lines.iter().rev().nth(count as usize).map_or(0, |placed| placed.position))
    }
}

#[async_trait]
impl EventReader for MemoryStore {
    async fn events(&self, scope: OrgScope, after: i64, limit: i64) -> Result<Vec<SequencedEvent>, ReadError> {
        let state = self.now();
        let events = state.events.get(&scope.org()).into_iter().flatten();
        Ok(events.filter(|event| event.sequence > after).take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl AuditReader for MemoryStore {
    async fn audit_log(&self, scope: OrgScope, query: &AuditQuery) -> Result<Vec<PlacedEntry>, ReadError> {
        let state = self.now();
        let asked = |given: &Option<String>, of: &str| given.as_ref().is_none_or(|text| text == of);
        let matches = |PlacedEntry { entry, .. }: &&PlacedEntry| {
            query.actor.is_none_or(|actor| entry.actor == actor)
                && asked(&query.action, &entry.origin.action)
                && asked(&query.target_kind, &entry.target_kind)
                && asked(&query.target_id, &entry.target_id)
                && query.outcome.is_none_or(|outcome| entry.outcome == outcome)
                && query.start.is_none_or(|start| entry.at >= start)
                && query.end.is_none_or(|end| entry.at < end)
        };
        let own = state.audit.get(&scope.org()).into_iter().flatten().filter(matches).cloned();
        let limit = query.limit as usize;
        let follows = |sequence: i64| {
            query.after.is_none_or(|after| if query.newest_first { sequence < after } else { sequence > after })
        };
        let follows = own.filter(|placed| follows(placed.sequence));
        Ok(if query.newest_first { follows.rev().take(limit).collect() } else { follows.take(limit).collect() })
    }
}

#[async_trait]
impl IdempotencyReader for MemoryStore {
    async fn remembered(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<IdempotencyRecord>, ReadError> {
        Ok(self.now().records.get(key).filter(|record| record.expires_at > now).cloned())
    }
}
