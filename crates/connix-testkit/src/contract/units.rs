//! A unit of work: whole or not at all, durable, in order.

use super::tenant::{ALL, all_projects, renamed};
use super::{Subject, Tenant};
use crate::samples;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::port::store::{CommitError, Entity};
use futures_util::future::join_all;

const STALE: CommitError = CommitError::Stale { entity: Entity::Project };

/// Committer: "It MUST be applied whole or not at all."
pub async fn a_unit_is_applied_whole_or_not_at_all(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.draft("whole").await;
    let agent = samples::agent(&project, "worker");
    let task = samples::task(&agent);
    let whole = vec![
        Change::CreateProject(project.clone()),
        Change::CreateAgent(agent.clone()),
        Change::CreateTask(task.clone()),
        Change::AppendJournal(vec![samples::journal_entry(&task, 1)]),
        Change::AppendLogs(vec![samples::log_line(&agent, 1)]),
        Change::Raise(samples::event(&project)),
        Change::Remember(samples::record(tenant.org(), "k")),
    ];
    for broken_at in 0..=whole.len() {
        let mut broken = whole.clone();
        broken.insert(broken_at, Change::UpdateProject(tenant.draft("nowhere").await));
        assert_eq!(tenant.commit(broken).await, Err(STALE), "broken at {broken_at}");
        assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(None));
        assert_eq!(tenant.store.agent(tenant.scope(), agent.id).await, Ok(None));
        assert_eq!(tenant.store.journal_length(tenant.scope(), task.id).await, Ok(0));
        assert!(tenant.events().await.is_empty());
    }
    assert_eq!(tenant.commit(whole).await, Ok(()));
    assert_eq!(tenant.store.task(tenant.scope(), task.id).await, Ok(Some(task.clone())));
    assert_eq!(tenant.store.journal_length(tenant.scope(), task.id).await, Ok(1));
    assert_eq!(tenant.events().await.len(), 1);
}

/// Committer: "When it returns `Ok`, the unit MUST be durable and every later read MUST see it."
/// That it outlives a killed process is for an adapter's own crash test to show.
pub async fn an_acknowledged_unit_is_durable_and_seen_by_every_later_read(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let other = subject.another().await;
    for round in 0..50 {
        let project = tenant.project(&format!("round-{round}")).await;
        assert_eq!(tenant.store.project(tenant.scope(), project.id).await, Ok(Some(project.clone())));
        assert_eq!(other.project(tenant.scope(), project.id).await, Ok(Some(project)));
        let listed = tenant.store.projects(tenant.scope(), &all_projects()).await.map(|page| page.total);
        assert_eq!(listed, Ok(round + 1));
    }
}

/// Committer: "A stale version MUST change nothing and raise nothing."
pub async fn a_stale_version_changes_nothing_and_raises_nothing(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let first = tenant.project("stale").await;
    let second = renamed(&first, "second");
    tenant.must([Change::UpdateProject(second.clone())]).await;
    for late in [renamed(&first, "late"), renamed(&renamed(&second, "early"), "early")] {
        let raised = [Change::Raise(samples::event(&late)), Change::UpdateProject(late.clone())];
        assert_eq!(tenant.commit(raised.clone()).await, Err(STALE));
        assert_eq!(tenant.commit(raised.into_iter().rev()).await, Err(STALE));
    }
    assert_eq!(tenant.store.project(tenant.scope(), first.id).await, Ok(Some(second)));
    assert!(tenant.events().await.is_empty());

    let agent = tenant.agent(&first, "worker").await;
    let task = tenant.task(&agent).await;
    let stale = |entity| Err(CommitError::Stale { entity });
    assert_eq!(tenant.commit([Change::UpdateAgent(agent)]).await, stale(Entity::Agent));
    assert_eq!(tenant.commit([Change::UpdateTask(task)]).await, stale(Entity::Task));
}

/// `change_set`: "Changes are applied in the order they were added."
pub async fn changes_are_applied_in_their_order(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let first = tenant.draft("ordered").await;
    let second = renamed(&first, "second");
    let third = renamed(&second, "third");
    let unit = [&first, &second, &third].map(Clone::clone);
    let [a, b, c] = unit;
    tenant.must([Change::CreateProject(a), Change::UpdateProject(b), Change::UpdateProject(c)]).await;
    assert_eq!(tenant.store.project(tenant.scope(), first.id).await, Ok(Some(third)));
}

/// A change that is put first has its conflict reported, also when others of the unit conflict too.
pub async fn the_first_conflict_is_the_one_that_is_reported(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("taken").await;
    let record = samples::record(tenant.org(), "call");
    tenant.must([Change::Remember(record.clone())]).await;
    let unit = ChangeSet::new()
        .with(Change::UpdateProject(project.clone()))
        .with(Change::CreateProject(tenant.draft("TAKEN").await))
        .first(Some(Change::Remember(record)));
    let taken = CommitError::Duplicate { entity: Entity::Idempotency, field: "key" };
    assert_eq!(tenant.store.commit(unit).await, Err(taken));
}

/// A unit without changes is nothing to fail on.
pub async fn an_empty_unit_is_applied(subject: &dyn Subject) {
    assert_eq!(subject.store().commit(ChangeSet::new()).await, Ok(()));
}

/// Units that fail in the midst of others do not touch them, however the store groups them.
pub async fn bad_units_leave_their_neighbours_intact(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let taken = tenant.project("taken").await;
    let first = match tenant.store.reserve_project_numbers(100).await {
        Ok(first) => first,
        Err(error) => unreachable!("{error}"),
    };
    let units = (0..100).map(|n| {
        let project = samples::project(tenant.org(), first + n, &format!("neighbour-{n}"));
        let raise = Change::Raise(samples::event(&project));
        match n % 10 {
            3 => vec![raise, Change::CreateProject(samples::project(tenant.org(), first + n, "TAKEN"))],
            7 => vec![raise, Change::UpdateProject(samples::project(tenant.org(), first + n, "nobody"))],
            _ => vec![Change::CreateProject(project), raise],
        }
    });
    let outcomes = join_all(units.map(|unit| tenant.commit(unit))).await;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let expected = match n % 10 {
            3 => Err(CommitError::Duplicate { entity: Entity::Project, field: "canonical_name" }),
            7 => Err(STALE),
            _ => Ok(()),
        };
        assert_eq!(outcome, expected, "unit {n}");
    }
    assert_eq!(tenant.projects(&all_projects()).await.len(), 81);
    let numbers: Vec<_> = tenant.events().await.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
    assert_eq!(tenant.store.project(tenant.scope(), taken.id).await, Ok(Some(taken)));
}

/// Far more changes than any executor sends or polls at once; the failure last, on whatever caches are cold and warm.
pub async fn a_thousand_changes_are_one_unit(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("many").await;
    let agent = tenant.agent(&project, "worker").await;
    let task = tenant.task(&agent).await;
    let entries = Change::AppendJournal((1..=1000).map(|n| samples::journal_entry(&task, n)).collect());
    for _ in 0..2 {
        let broken = [entries.clone(), Change::UpdateProject(project.clone())];
        assert_eq!(tenant.commit(broken).await, Err(STALE));
        assert_eq!(tenant.store.journal_length(tenant.scope(), task.id).await, Ok(0));
    }
    tenant.must([entries]).await;
    let kept = tenant.store.journal(tenant.scope(), task.id, 0, ALL.limit).await;
    let numbers = kept.map(|entries| entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>());
    assert_eq!(numbers, Ok((1..=1000).collect()));
}
