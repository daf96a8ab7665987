//! Removing what is deleted.

use super::tenant::{ALL, all_logs, all_tasks, renamed};
use super::{Subject, Tenant};
use crate::samples;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::change_set::Change;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::project::{Project, ProjectPhase};
use connix_domain::task::Task;

/// An agent with a task, a journal and log lines.
async fn busy_agent(tenant: &Tenant, project: &Project, name: &str) -> (Agent, Task) {
    let agent = tenant.agent(project, name).await;
    let task = tenant.task(&agent).await;
    let work = [
        Change::AppendJournal((1..=3).map(|n| samples::journal_entry(&task, n)).collect()),
        Change::AppendLogs((1..=3).map(|n| samples::log_line(&agent, n)).collect()),
    ];
    tenant.must(work).await;
    (agent, task)
}

/// How many tasks, journal entries and log lines there are.
async fn left(tenant: &Tenant, agent: &Agent, task: &Task) -> (i64, i64, i64) {
    let tasks = tenant.store.tasks(tenant.scope(), &all_tasks(agent)).await.map_or(-1, |page| page.total);
    let entries = tenant.store.journal_length(tenant.scope(), task.id).await.unwrap_or(-1);
    let lines = tenant.store.logs(tenant.scope(), &all_logs(agent)).await.map_or(-1, |page| page.total);
    (tasks, entries, lines)
}

fn deleted(agent: &Agent) -> Agent {
    Agent { phase: AgentPhase::Deleted, version: agent.version + 1, ..agent.clone() }
}

/// `Change::PurgeAgent`
pub async fn a_purged_agent_leaves_nothing_and_its_project_stays(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let (gone, gone_task) = busy_agent(&tenant, &project, "gone").await;
    let (kept, kept_task) = busy_agent(&tenant, &project, "kept").await;
    let purge = Change::PurgeAgent { org: tenant.org(), id: gone.id };
    tenant.must([Change::UpdateAgent(deleted(&gone)), purge.clone()]).await;
    assert_eq!(tenant.store.agent(tenant.scope(), gone.id).await, Ok(None));
    assert_eq!(left(&tenant, &gone, &gone_task).await, (0, 0, 0));
    assert_eq!(left(&tenant, &kept, &kept_task).await, (1, 3, 3));
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(project)));
    assert_eq!(tenant.commit([purge]).await, Err(CommitError::Stale { entity: Entity::Agent }));
}

/// `Change::PurgeProject`. Events tell what happened, also to what is gone.
pub async fn a_purged_project_leaves_nothing_but_its_events(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let (gone, kept) = (tenant.project("gone").await, tenant.project("kept").await);
    let (first, first_task) = busy_agent(&tenant, &gone, "first").await;
    let (second, second_task) = busy_agent(&tenant, &gone, "second").await;
    let (other, other_task) = busy_agent(&tenant, &kept, "other").await;
    let delete = Project { phase: ProjectPhase::Deleted, ..renamed(&gone, "gone") };
    let raise = Change::Raise(samples::event(&gone));
    tenant.must([Change::UpdateProject(delete), raise.clone()]).await;
    let purge = Change::PurgeProject { org: tenant.org(), id: gone.id };
    tenant.must([purge.clone()]).await;
    assert_eq!(left(&tenant, &first, &first_task).await, (0, 0, 0));
    assert_eq!(left(&tenant, &second, &second_task).await, (0, 0, 0));
    assert_eq!(left(&tenant, &other, &other_task).await, (1, 3, 3));
    assert_eq!(tenant.events().await.len(), 1);
    // whoever comes second raises nothing
    let again = Change::Raise(samples::event(&gone));
    assert_eq!(tenant.commit([again, purge]).await, Err(CommitError::Stale { entity: Entity::Project }));
    assert_eq!(tenant.events().await.len(), 1);
    let left = tenant.store.projects_to_purge(ALL.limit).await.unwrap_or_default();
    assert!(!left.iter().any(|project| project.org == tenant.org()));
}

/// More than a store removes at once.
pub async fn much_is_purged_to_the_last_row(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let (agent, task) = busy_agent(&tenant, &project, "busy").await;
    let lines = (4..=2200).map(|n| samples::log_line(&agent, n)).collect();
    let tasks: Vec<_> = (0..120).map(|n| Task { created_at: samples::after(n), ..samples::task(&agent) }).collect();
    let entries = tasks.iter().map(|task| samples::journal_entry(task, 1)).collect();
    tenant.must(tasks.iter().cloned().map(Change::CreateTask)).await;
    tenant.must([Change::AppendLogs(lines), Change::AppendJournal(entries)]).await;
    assert_eq!(left(&tenant, &agent, &task).await, (121, 3, 2200));
    tenant.must([Change::UpdateAgent(deleted(&agent))]).await;
    tenant.must([Change::PurgeAgent { org: tenant.org(), id: agent.id }]).await;
    assert_eq!(tenant.store.agent(tenant.scope(), agent.id).await, Ok(None));
    for task in [&task, &tasks[0], &tasks[119]] {
        assert_eq!(left(&tenant, &agent, task).await, (0, 0, 0));
    }
}

/// Nothing that somebody still has is removed.
pub async fn only_what_is_deleted_is_purged(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let (agent, task) = busy_agent(&tenant, &project, "worker").await;
    let purge = Change::PurgeAgent { org: tenant.org(), id: agent.id };
    assert_eq!(tenant.commit([purge]).await, Err(CommitError::Stale { entity: Entity::Agent }));
    let purge = Change::PurgeProject { org: tenant.org(), id: project.id };
    assert_eq!(tenant.commit([purge]).await, Err(CommitError::Stale { entity: Entity::Project }));
    assert_eq!(left(&tenant, &agent, &task).await, (1, 3, 3));
    assert_eq!(tenant.reread(&agent).await, agent);
}
