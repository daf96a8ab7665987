//! Several at once, through two handles of the same data.

use super::tenant::{Outcome, all_projects, renamed};
use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::port::store::{CommitError, Entity, Store};
use connix_domain::project::Project;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::sync::Arc;

/// Commits all of them at once, by turns through both handles.
async fn at_once(subject: &dyn Subject, units: impl IntoIterator<Item = Vec<Change>>) -> Vec<Outcome> {
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let commits = units.into_iter().enumerate().map(|(n, changes)| {
        let store = Arc::clone(&handles[n % 2]);
        tokio::spawn(async move { store.commit(ChangeSet::new().with_all(changes)).await })
    });
    let outcomes = join_all(commits.collect::<Vec<_>>()).await;
    outcomes.into_iter().map(|joined| joined.unwrap_or_else(|e| Err(CommitError::Unknown(e.to_string())))).collect()
}

fn exactly_one_wins(outcomes: &[Outcome], others: &CommitError) {
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let lost = outcomes.iter().filter(|outcome| outcome.as_ref() == Err(others)).count();
    assert_eq!(lost, outcomes.len() - 1, "{outcomes:?}");
}

/// Committer: "Of concurrent updates of one version exactly one MUST win."
pub async fn of_concurrent_updates_of_one_version_exactly_one_wins(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("contended").await;
    let updates: Vec<Project> = (0..50).map(|n| renamed(&project, &format!("winner {n}"))).collect();
    let raised = |p: &Project| vec![Change::UpdateProject(p.clone()), Change::Raise(samples::event(p))];
    let outcomes = at_once(subject, updates.iter().map(raised)).await;
    exactly_one_wins(&outcomes, &CommitError::Stale { entity: Entity::Project });
    let winner = outcomes.iter().position(Result::is_ok).and_then(|n| updates.get(n).cloned());
    assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(winner));
    assert_eq!(tenant.events().await.len(), 1);
}

/// Committer: "Whoever is told to have lost to another unit MUST see that unit in every later read": else it decides on what was.
pub async fn whoever_lost_to_another_sees_it(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for round in 0..20 {
        let project = tenant.project(&format!("lost-{round}")).await;
        let update = |n: usize| {
            let (store, scope) = (subject.store(), tenant.scope());
            let unit = ChangeSet::new().with(Change::UpdateProject(renamed(&project, &format!("winner {n}"))));
            async move {
                let outcome = store.commit(unit).await;
                (outcome, store.project(scope, project.id).await.map(|seen| seen.map(|seen| seen.version)))
            }
        };
        for (outcome, seen) in join_all((0..16).map(update)).await {
            assert_eq!(seen, Ok(Some(project.version + 1)), "after {outcome:?}");
        }
    }
}

/// Check-then-act is one conditional statement: a task is never held twice.
pub async fn of_concurrent_claims_of_one_task_exactly_one_wins(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("claims").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let claims = (1..=32).filter_map(|incarnation| {
        let claimed = task.claim(incarnation, "small", Duration::seconds(30), samples::after(1));
        claimed.ok().map(|task| vec![Change::UpdateTask(task)])
    });
    let outcomes = at_once(subject, claims).await;
    assert_eq!(outcomes.len(), 32);
    exactly_one_wins(&outcomes, &CommitError::Stale { entity: Entity::Task });
    let kept = tenant.store.task(tenant.scope(), task.id).await;
    assert_eq!(kept.map(|task| task.map(|task| (task.attempt, task.version))), Ok(Some((1, 2))));
}

/// A name is given once, also to callers that found it free at the same moment.
pub async fn of_concurrent_projects_of_one_name_exactly_one_is_kept(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut drafts = Vec::new();
    for n in 0..20 {
        drafts.push(tenant.draft(if n % 2 == 0 { "wanted" } else { "WANTED" }).await);
    }
    let outcomes = at_once(subject, drafts.into_iter().map(|draft| vec![Change::CreateProject(draft)])).await;
    exactly_one_wins(&outcomes, &CommitError::Duplicate { entity: Entity::Project, field: "canonical_name" });
    assert_eq!(tenant.projects(&all_projects()).await.len(), 1);
}

/// The order in which units are asked for is the order in which they are applied, within one handle.
pub async fn a_unit_that_is_asked_for_after_another_sees_it(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for round in 0..20 {
        let first = tenant.draft(&format!("round-{round}")).await;
        let second = renamed(&first, "second");
        let both =
            tokio::join!(tenant.commit([Change::CreateProject(first)]), tenant.commit([Change::UpdateProject(second)]));
        assert_eq!(both, (Ok(()), Ok(())));
    }
}

/// A caller that stops waiting does not tear its unit.
pub async fn an_abandoned_commit_is_whole_or_absent(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    for round in 0..50 {
        let project = tenant.draft(&format!("abandoned-{round}")).await;
        let unit =
            ChangeSet::new().with(Change::CreateProject(project.clone())).with(Change::Raise(samples::event(&project)));
        let store = Arc::clone(&tenant.store);
        // polled once and dropped
        let _ = async move { store.commit(unit).await }.now_or_never();
    }
    // what was asked for before has been decided when this one is
    tenant.project("last").await;
    let kept = tenant.projects(&all_projects()).await.len();
    assert_eq!(tenant.events().await.len(), kept - 1);
}
