//! An organisation of a case's own, with what cases do again and again.

use super::Subject;
use crate::samples;
use connix_domain::agent::Agent;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::SequencedEvent;
use connix_domain::id::OrgId;
use connix_domain::organisation::Organisation;
use connix_domain::page::{AgentQuery, DirectoryQuery, Filter, LogQuery, ProjectQuery, Sort, TaskQuery, Window};
use connix_domain::port::store::{CommitError, Store};
use connix_domain::project::Project;
use connix_domain::scope::{Job, OrgScope};
use connix_domain::task::Task;
use std::sync::Arc;

/// A window that shows everything that a case can have made.
pub(super) const ALL: Window = Window { limit: 10_000, offset: 0 };

/// All of a directory, the oldest first.
pub(super) fn everything() -> DirectoryQuery {
    DirectoryQuery::oldest_first(ALL)
}

/// A new organisation in a store.
pub struct Tenant {
    /// The store it is kept in.
    pub store: Arc<dyn Store>,
    /// The organisation.
    pub organisation: Organisation,
}

/// What a unit came to.
pub(super) type Outcome = Result<(), CommitError>;

impl Tenant {
    /// Makes one.
    pub async fn new(subject: &dyn Subject) -> Self {
        let tenant = Self { store: subject.store(), organisation: samples::organisation() };
        tenant.must([Change::CreateOrganisation(tenant.organisation.clone())]).await;
        tenant
    }
    /// Its identifier.
    pub fn org(&self) -> OrgId {
        self.organisation.id
    }
    /// The scope of its rows.
    pub fn scope(&self) -> OrgScope {
        OrgScope::for_job(self.org(), Job::Supervision)
    }
    /// Commits a unit.
    pub async fn commit(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), CommitError> {
        self.store.commit(ChangeSet::new().with_all(changes)).await
    }
    /// Commits a unit that has to succeed.
    pub async fn must(&self, changes: impl IntoIterator<Item = Change>) {
        self.commit(changes).await.expect("a unit that has to be applied");
    }
    /// A project number that nobody has.
    pub async fn number(&self) -> i64 {
        self.store.reserve_project_numbers(1).await.expect("a number")
    }
    /// A project of this name, not yet in the store.
    pub async fn draft(&self, canonical: &str) -> Project {
        samples::project(self.org(), self.number().await, canonical)
    }
    /// A project of this name, in the store.
    pub async fn project(&self, canonical: &str) -> Project {
        let project = self.draft(canonical).await;
        self.must([Change::CreateProject(project.clone())]).await;
        project
    }
    /// An agent of this name, in the store.
    pub async fn agent(&self, project: &Project, name: &str) -> Agent {
        let agent = samples::agent(project, name);
        self.must([Change::CreateAgent(agent.clone())]).await;
        agent
    }
    /// A queued task, in the store.
    pub async fn task(&self, agent: &Agent) -> Task {
        let task = samples::task(agent);
        self.must([Change::CreateTask(task.clone())]).await;
        task
    }
    /// All its events.
    pub async fn events(&self) -> Vec<SequencedEvent> {
        self.store.events(self.scope(), 0, ALL.limit).await.expect("events")
    }
    /// All its projects, in the order asked for.
    pub async fn projects(&self, query: &ProjectQuery) -> Vec<Project> {
        self.store.projects(self.scope(), query).await.expect("projects").items
    }
    /// The agents that a query matches, in its order.
    pub async fn agents(&self, query: &AgentQuery) -> Vec<Agent> {
        self.store.agents(self.scope(), query).await.expect("agents").items
    }
    /// The agent as it is kept now.
    pub async fn reread(&self, agent: &Agent) -> Agent {
        self.store.agent(self.scope(), agent.id).await.expect("a read").expect("an agent")
    }
}

/// All projects, the newest first.
pub(super) fn all_projects() -> ProjectQuery {
    ProjectQuery {
        filter: Filter::default(),
        phase: None,
        within: None,
        seen_by: None,
        sort: Sort::NEWEST,
        window: ALL,
    }
}

/// All agents of a project, the newest first.
pub(super) fn all_agents(project: &Project) -> AgentQuery {
    AgentQuery { project: project.id, filter: Filter::default(), status: None, sort: Sort::NEWEST, window: ALL }
}

/// All tasks of an agent, the newest first.
pub(super) fn all_tasks(agent: &Agent) -> TaskQuery {
    TaskQuery { agent: agent.id, phase: None, filter: Filter::default(), newest_first: true, window: ALL }
}

/// All log lines of an agent.
pub(super) fn all_logs(agent: &Agent) -> LogQuery {
    LogQuery { agent: agent.id, level: None, start: None, end: None, window: ALL }
}

/// The next version of a project, with another display name.
pub(super) fn renamed(project: &Project, name: &str) -> Project {
    Project { name: samples::display_name(name), version: project.version + 1, ..project.clone() }
}
