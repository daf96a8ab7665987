//! What the service reads for its own work, across organisations. A case looks at its own rows alone.

use super::tenant::{Outcome, renamed};
use super::{Subject, Tenant};
use crate::ids::chance;
use crate::samples;
use chrono::Duration;
use connix_domain::agent::{Agent, AgentPhase, ProcessPhase};
use connix_domain::change_set::Change;
use connix_domain::lifecycle::Words;
use connix_domain::port::store::{CommitError, Entity, Store};
use connix_domain::project::{Project, ProjectPhase};
use connix_domain::task::{Task, TaskPhase};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;

/// More rows than other cases leave.
const MANY: i64 = 1_000_000;

/// ServiceReader: "MUST never give the same integer twice, also not to concurrent callers."
pub async fn the_same_integer_is_never_given_twice(subject: &dyn Subject) {
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let reserve = |n: usize| {
        let (store, count) = (Arc::clone(&handles[n % 2]), 1 + (n as i64) % 4);
        tokio::spawn(async move { store.reserve_project_numbers(count).await.map(|first| (first, count)) })
    };
    let blocks = join_all((0..64).map(reserve).collect::<Vec<_>>()).await;
    let mut given = BTreeSet::new();
    for block in blocks {
        let Ok(Ok((first, count))) = block else { unreachable!("{block:?}") };
        assert!(first >= 1);
        for number in first..first + count {
            assert!(given.insert(number), "{number} was given twice");
        }
    }
    assert_eq!(given.len(), 160);
}

/// ServiceReader: "MUST give the agents whose `due_at` is not after `now`, deleted ones too, longest due first."
pub async fn agents_are_due_longest_first_and_deleted_ones_too(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("due").await;
    let mut agents = Vec::new();
    for (n, (phase, process, since)) in [
        (AgentPhase::Running, ProcessPhase::None, 40),
        (AgentPhase::Deleted, ProcessPhase::None, 10),
        (AgentPhase::Running, ProcessPhase::Backoff, 0),
        (AgentPhase::Running, ProcessPhase::Ready, 0),
        (AgentPhase::Stopped, ProcessPhase::None, 0),
        (AgentPhase::Running, ProcessPhase::None, 41),
    ]
    .into_iter()
    .enumerate()
    {
        let mut agent = Agent { phase, ..samples::agent(&project, &format!("agent-{n}")) };
        agent.control.process = process;
        agent.control.process_since = samples::after(since);
        agent.control.retry_at = (process == ProcessPhase::Backoff).then(|| samples::after(20));
        tenant.must([Change::CreateAgent(agent.clone())]).await;
        agents.push(agent);
    }
    let due = tenant.store.agents_due(samples::after(40), MANY).await.unwrap_or_default();
    assert!(due.is_sorted_by_key(Agent::due_at));
    let own = due.iter().filter(|agent| agent.org == tenant.org()).collect::<Vec<_>>();
    assert_eq!(own, [&agents[1], &agents[2], &agents[0]]);
    assert_eq!(tenant.store.agents_due(samples::after(40), 2).await.map(|due| due.len()), Ok(2));

    // an agent that was looked after is due at another time, or not any more
    let mut settled = Agent { version: 2, ..agents[0].clone() };
    settled.control.process = ProcessPhase::Ready;
    tenant.must([Change::UpdateAgent(settled)]).await;
    let due = tenant.store.agents_due(samples::after(40), MANY).await.unwrap_or_default();
    let own = due.iter().filter(|agent| agent.org == tenant.org()).collect::<Vec<_>>();
    assert_eq!(own, [&agents[1], &agents[2]]);
}

/// ServiceReader: "MUST give the agents that a process may exist for, …"
pub async fn agents_with_a_process_are_those_whose_process_may_exist(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("processes").await;
    let mut expected = BTreeSet::new();
    for process in ProcessPhase::ALL {
        let agent = samples::full_agent(&project, process.as_str(), AgentPhase::Stopped, *process);
        tenant.must([Change::CreateAgent(agent.clone())]).await;
        if process.is_live() {
            expected.insert(agent.id);
        }
    }
    let found = tenant.store.agents_with_process().await.unwrap_or_default();
    let own: BTreeSet<_> = found.iter().filter(|agent| agent.org == tenant.org()).map(|agent| agent.id).collect();
    assert_eq!(own, expected);
}

/// ServiceReader: "MUST give the running tasks whose lease is over at `now`."
pub async fn tasks_without_lease_are_the_running_ones_whose_lease_is_over(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("leases").await;
    let agent = tenant.agent(&project, "worker").await;
    let now = samples::after(100);
    let leased = |phase, until| Task { lease_until: Some(until), ..samples::full_task(&agent, phase) };
    let over = leased(TaskPhase::Running, now - Duration::seconds(1));
    let just = leased(TaskPhase::Running, now);
    let held = leased(TaskPhase::Running, now + Duration::microseconds(1));
    let queued = leased(TaskPhase::Queued, now - Duration::seconds(1));
    tenant.must([&over, &just, &held, &queued].map(|task| Change::CreateTask(task.clone()))).await;
    let found = tenant.store.tasks_without_lease(now, MANY).await.unwrap_or_default();
    let own: Vec<_> = found.iter().filter(|task| task.org == tenant.org()).collect();
    assert_eq!(own, [&over, &just]);
    assert_eq!(tenant.store.tasks_without_lease(now, 1).await.map(|found| found.len()), Ok(1));
}

/// ServiceReader: "MUST give deleted projects that no agent is left of."
pub async fn projects_to_purge_are_deleted_and_have_no_agent_left(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let active = tenant.project("active").await;
    let empty = tenant.project("empty").await;
    let kept = tenant.project("kept").await;
    let agent = tenant.agent(&kept, "worker").await;
    let delete = |project: &Project| Project { phase: ProjectPhase::Deleted, ..renamed(project, "gone") };
    let gone = Agent { phase: AgentPhase::Deleted, version: 2, ..agent.clone() };
    let deleted = [Change::UpdateProject(delete(&empty)), Change::UpdateProject(delete(&kept))];
    tenant.must(deleted.into_iter().chain([Change::UpdateAgent(gone)])).await;
    let own = async || {
        let found = tenant.store.projects_to_purge(MANY).await.unwrap_or_default();
        found.into_iter().filter(|project| project.org == tenant.org()).map(|p| p.id).collect::<BTreeSet<_>>()
    };
    assert_eq!(own().await, BTreeSet::from([empty.id]));
    tenant.must([Change::PurgeAgent { org: tenant.org(), id: agent.id }]).await;
    assert_eq!(own().await, BTreeSet::from([empty.id, kept.id]));
    assert_eq!(tenant.store.project(tenant.scope(), active.id).await, Ok(Some(active)));
}

/// `Change::SetProperty`: "The first writer wins."
pub async fn the_first_writer_of_a_property_wins(subject: &dyn Subject) {
    let store = subject.store();
    let tenant = Tenant::new(subject).await;
    let name = format!("property-{:x}", chance());
    assert_eq!(store.property(&name).await, Ok(None));
    let set = |value: &[u8]| Change::SetProperty { name: name.clone(), value: value.to_vec() };
    let outcomes: Vec<Outcome> = join_all((0..8_u8).map(|n| tenant.commit([set(&[n, 0, 255])]))).await;
    let taken = CommitError::Duplicate { entity: Entity::Property, field: "name" };
    assert_eq!(outcomes.iter().filter(|outcome| outcome.as_ref() == Err(&taken)).count(), 7, "{outcomes:?}");
    let winner = outcomes.iter().position(Result::is_ok).map(|n| vec![n as u8, 0, 255]);
    assert_eq!(store.property(&name).await, Ok(winner));
}

/// `ServiceReader::organisations`
pub async fn organisations_are_all_there_oldest_first(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut old = samples::organisation();
    old.created_at = samples::noon() - Duration::days(1);
    tenant.must([Change::CreateOrganisation(old.clone())]).await;
    let all = tenant.store.organisations().await.unwrap_or_default();
    assert!(all.is_sorted_by_key(|organisation| organisation.created_at));
    assert!(all.contains(&old) && all.contains(&tenant.organisation));
}

/// `ServiceReader::ping`
pub async fn a_store_that_works_answers_a_ping(subject: &dyn Subject) {
    assert_eq!(subject.store().ping().await, Ok(()));
    assert_eq!(subject.another().await.ping().await, Ok(()));
}
