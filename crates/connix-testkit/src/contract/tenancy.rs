//! Another organisation's rows are like rows that do not exist.

use super::tenant::{ALL, all_agents, all_logs, all_projects, all_tasks};
use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::agent::{Agent, AgentPhase, ProcessPhase};
use connix_domain::change_set::Change;
use connix_domain::event::Event;
use connix_domain::id::{AgentId, ProjectId, TaskId};
use connix_domain::journal::JournalEntry;
use connix_domain::log::LogLine;
use connix_domain::page::ProjectQuery;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::Project;
use connix_domain::task::{Task, TaskPhase};

/// Committer: "A row below a project or agent of another organisation MUST be refused."
pub async fn a_row_below_another_organisations_project_or_agent_is_refused(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let project = tenant.project("mine").await;
    let second = tenant.project("second").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let org = other.org();
    let refused = [
        Change::CreateAgent(Agent { org, ..samples::agent(&project, "intruder") }),
        Change::CreateTask(Task { org, ..samples::task(&agent) }),
        Change::CreateTask(Task { project: second.id, ..samples::task(&agent) }),
        Change::AppendJournal(vec![JournalEntry { org, ..samples::journal_entry(&task, 1) }]),
        Change::AppendLogs(vec![LogLine { org, ..samples::log_line(&agent, 1) }]),
        Change::CreateProject(samples::project(samples::organisation().id, tenant.number().await, "nobodys")),
        Change::CreateApiKey(samples::api_key(samples::organisation().id)),
        Change::Remember(samples::record(samples::organisation().id, "k")),
        Change::Raise(Event { org: samples::organisation().id, ..samples::event(&project) }),
    ];
    for change in refused {
        let what = format!("{change:?}");
        assert_eq!(tenant.commit([change]).await, Err(CommitError::Reference), "{what}");
    }
}

/// ProjectReader: "MUST be `None`, not an error, for an unknown id and for another organisation's."
pub async fn unknown_and_foreign_projects_are_none(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let project = tenant.project("mine").await;
    let store = &tenant.store;
    assert_eq!(store.project(tenant.scope(), project.id).await, Ok(Some(project.clone())));
    assert_eq!(store.project_by_number(tenant.scope(), project.number).await, Ok(Some(project.clone())));
    assert_eq!(store.project_by_name(tenant.scope(), "mine").await, Ok(Some(project.clone())));
    assert_eq!(store.project(other.scope(), project.id).await, Ok(None));
    assert_eq!(store.project_by_number(other.scope(), project.number).await, Ok(None));
    assert_eq!(store.project_by_name(other.scope(), "mine").await, Ok(None));
    assert_eq!(store.project(tenant.scope(), ProjectId::new(0)).await, Ok(None));
    assert_eq!(store.project_by_number(tenant.scope(), i64::MAX).await, Ok(None));
    assert_eq!(store.project_by_name(tenant.scope(), "min").await, Ok(None));
}

/// AgentReader: "MUST be `None`, not an error, for an unknown id and for another organisation's; deleted ones are seen, …"
pub async fn unknown_and_foreign_agents_are_none_and_deleted_ones_are_seen(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let project = tenant.project("mine").await;
    let agent = tenant.agent(&project, "worker").await;
    assert_eq!(tenant.store.agent(other.scope(), agent.id).await, Ok(None));
    assert_eq!(tenant.store.agent(tenant.scope(), AgentId::new(0)).await, Ok(None));
    let deleted = Agent { phase: AgentPhase::Deleted, version: 2, ..agent };
    tenant.must([Change::UpdateAgent(deleted.clone())]).await;
    assert_eq!(tenant.store.agent(tenant.scope(), deleted.id).await, Ok(Some(deleted)));
    assert_eq!(tenant.store.agents_of(tenant.scope(), project.id).await, Ok(Vec::new()));
    assert_eq!(tenant.agents(&all_agents(&project)).await, Vec::new());
}

/// TaskReader: "MUST be `None`, not an error, for an unknown id and for another organisation's."
pub async fn unknown_and_foreign_tasks_are_none(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let project = tenant.project("mine").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    assert_eq!(tenant.store.task(tenant.scope(), task.id).await, Ok(Some(task.clone())));
    assert_eq!(tenant.store.task(other.scope(), task.id).await, Ok(None));
    assert_eq!(tenant.store.task(tenant.scope(), TaskId::new(0)).await, Ok(None));
}

/// Every reader that takes a scope, asked with another organisation's.
pub async fn no_reader_shows_another_organisation_anything(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let project = tenant.project("mine").await;
    let agent = samples::full_agent(&project, "worker", AgentPhase::Running, ProcessPhase::Ready);
    let queued = Task { not_before: Some(samples::after(1)), ..samples::task(&agent) };
    let running = samples::full_task(&agent, TaskPhase::Running);
    tenant
        .must([
            Change::CreateAgent(agent.clone()),
            Change::CreateTask(queued.clone()),
            Change::CreateTask(running.clone()),
            Change::AppendJournal(vec![samples::journal_entry(&running, 1)]),
            Change::AppendLogs(vec![samples::log_line(&agent, 1)]),
            Change::Raise(samples::event(&project)),
        ])
        .await;
    let (store, scope) = (&tenant.store, other.scope());
    let later = samples::after(3600);
    let within = ProjectQuery { within: Some(vec![project.id]), ..all_projects() };
    for query in [all_projects(), within] {
        assert_eq!(store.projects(scope, &query).await.map(|page| page.total), Ok(0));
    }
    assert_eq!(store.agents(scope, &all_agents(&project)).await.map(|page| page.total), Ok(0));
    assert_eq!(store.agents_of(scope, project.id).await, Ok(Vec::new()));
    assert_eq!(store.agent_name_taken(scope, project.id, "worker").await, Ok(false));
    assert_eq!(store.tasks(scope, &all_tasks(&agent)).await.map(|page| page.total), Ok(0));
    assert_eq!(store.open_tasks(scope, agent.id).await, Ok(0));
    assert_eq!(store.next_task(scope, agent.id, later).await, Ok(None));
    assert_eq!(store.next_task_at(scope, agent.id).await, Ok(None));
    assert_eq!(store.running_tasks(scope, agent.id).await, Ok(Vec::new()));
    assert_eq!(store.journal(scope, running.id, 0, ALL.limit).await, Ok(Vec::new()));
    assert_eq!(store.journal_length(scope, running.id).await, Ok(0));
    assert_eq!(store.logs(scope, &all_logs(&agent)).await.map(|page| page.total), Ok(0));
    assert_eq!(store.events(scope, 0, ALL.limit).await, Ok(Vec::new()));
    // and all of it is there for its owner
    assert_eq!(store.next_task(tenant.scope(), agent.id, later).await, Ok(Some(queued)));
    assert_eq!(store.running_tasks(tenant.scope(), agent.id).await, Ok(vec![running]));
}

/// Changes name their organisation: under another one they reach nothing.
pub async fn a_change_reaches_no_other_organisation(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let project = tenant.project("mine").await;
    let agent = tenant.agent(&project, "worker").await;
    let claimed = tenant.task(&agent).await.claim(1, "small", Duration::seconds(9), samples::after(1));
    let task = claimed.unwrap_or_else(|_| samples::task(&agent));
    tenant.must([Change::UpdateTask(task.clone())]).await;
    let org = other.org();
    let stale = |entity| Err(CommitError::Stale { entity });
    let cases = [
        (Change::UpdateProject(Project { org, version: 2, ..project.clone() }), stale(Entity::Project)),
        (Change::UpdateAgent(Agent { org, version: 2, ..agent.clone() }), stale(Entity::Agent)),
        (Change::UpdateTask(Task { org, version: task.version + 1, ..task.clone() }), stale(Entity::Task)),
        (Change::PurgeAgent { org, id: agent.id }, stale(Entity::Agent)),
        (Change::PurgeProject { org, id: project.id }, stale(Entity::Project)),
        (Change::NoLiveAgents { org, project: project.id }, Ok(())),
        (Change::TouchAgent { org, id: agent.id, at: samples::after(9) }, Ok(())),
        (Change::ExtendLease { org, task: task.id, attempt: 1, until: samples::after(99) }, Ok(())),
    ];
    for (change, expected) in cases {
        let what = format!("{change:?}");
        assert_eq!(tenant.commit([change]).await, expected, "{what}");
    }
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(project)));
    assert_eq!(tenant.reread(&agent).await, agent);
    assert_eq!(tenant.store.task(tenant.scope(), task.id).await, Ok(Some(task)));
}
