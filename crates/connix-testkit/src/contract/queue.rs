//! An agent's tasks as a queue, and the leases of those that are held.

use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::change_set::Change;
use connix_domain::lifecycle::Words;
use connix_domain::task::{Task, TaskPhase};

/// TaskReader: "MUST give the oldest queued task that may be claimed at `now`."
pub async fn the_next_task_is_the_oldest_that_may_be_claimed(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("queue").await;
    let agent = tenant.agent(&project, "worker").await;
    let other = tenant.agent(&project, "other").await;
    let made_at = |seconds| Task { created_at: samples::after(seconds), ..samples::task(&agent) };
    let running = Task { phase: TaskPhase::Running, ..made_at(1) };
    let waiting = Task { not_before: Some(samples::after(60)), ..made_at(2) };
    let (young, old) = (made_at(4), made_at(3));
    assert_eq!(tenant.store.next_task(tenant.scope(), agent.id, samples::noon()).await, Ok(None));
    tenant.must([&running, &waiting, &young, &old].map(|task| Change::CreateTask(task.clone()))).await;
    tenant.must([Change::CreateTask(Task { created_at: samples::noon(), ..samples::task(&other) })]).await;
    let next = |now| tenant.store.next_task(tenant.scope(), agent.id, now);
    assert_eq!(next(samples::after(10)).await, Ok(Some(old)));
    assert_eq!(
        next(samples::after(60) - Duration::microseconds(1)).await.map(|t| t.map(|t| t.id == waiting.id)),
        Ok(Some(false))
    );
    assert_eq!(next(samples::after(60)).await, Ok(Some(waiting)));
}

/// TaskReader: "MUST give when the next queued task that must wait may be claimed."
pub async fn a_waiting_task_says_when_it_may_be_claimed(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("queue").await;
    let agent = tenant.agent(&project, "worker").await;
    let waits = |phase, until| Task { phase, not_before: Some(samples::after(until)), ..samples::task(&agent) };
    tenant.must([Change::CreateTask(samples::task(&agent))]).await;
    assert_eq!(tenant.store.next_task_at(tenant.scope(), agent.id).await, Ok(None));
    let tasks = [waits(TaskPhase::Queued, 50), waits(TaskPhase::Queued, 30), waits(TaskPhase::Running, 10)];
    tenant.must(tasks.map(Change::CreateTask)).await;
    assert_eq!(tenant.store.next_task_at(tenant.scope(), agent.id).await, Ok(Some(samples::after(30))));
}

/// `TaskReader::open_tasks`, `TaskReader::running_tasks`
pub async fn open_tasks_are_those_queued_or_running(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("queue").await;
    let agent = tenant.agent(&project, "worker").await;
    let mut running = Vec::new();
    for phase in TaskPhase::ALL.iter().chain(TaskPhase::ALL) {
        let task = samples::full_task(&agent, *phase);
        tenant.must([Change::CreateTask(task.clone())]).await;
        if *phase == TaskPhase::Running {
            running.push(task);
        }
    }
    assert_eq!(tenant.store.open_tasks(tenant.scope(), agent.id).await, Ok(4));
    let mut found = tenant.store.running_tasks(tenant.scope(), agent.id).await.unwrap_or_default();
    found.sort_by_key(|task| task.id);
    running.sort_by_key(|task| task.id);
    assert_eq!(found, running);
}

/// `Change::ExtendLease`: "… nothing when the attempt no longer holds the task."
pub async fn a_lease_is_extended_only_by_the_attempt_that_holds_it(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("leases").await;
    let agent = tenant.agent(&project, "worker").await;
    let held = samples::full_task(&agent, TaskPhase::Running);
    let ended = samples::full_task(&agent, TaskPhase::Completed);
    tenant.must([Change::CreateTask(held.clone()), Change::CreateTask(ended.clone())]).await;
    let until = samples::after(500);
    let extend = |task: &Task, attempt| Change::ExtendLease { org: task.org, task: task.id, attempt, until };
    let refused = [extend(&held, held.attempt - 1), extend(&held, held.attempt + 1), extend(&ended, ended.attempt)];
    tenant.must(refused).await;
    assert_eq!(tenant.store.task(tenant.scope(), held.id).await, Ok(Some(held.clone())));
    assert_eq!(tenant.store.task(tenant.scope(), ended.id).await, Ok(Some(ended)));
    tenant.must([extend(&held, held.attempt)]).await;
    let extended = Task { lease_until: Some(until), ..held };
    assert_eq!(tenant.store.task(tenant.scope(), extended.id).await, Ok(Some(extended)));
}
