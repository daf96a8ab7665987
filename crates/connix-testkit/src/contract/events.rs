//! The event sequence of an organisation.

use super::{Subject, Tenant};
use crate::samples;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Event, SequencedEvent};
use connix_domain::port::store::{CommitError, Entity, Store};
use connix_domain::project::Project;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;

fn numbered(first: i64, events: &[Event]) -> Vec<SequencedEvent> {
    let numbers = first..;
    numbers.zip(events).map(|(sequence, event)| SequencedEvent { sequence, event: event.clone() }).collect()
}

/// Committer: "Events of an organisation MUST be numbered from 1 without gaps, in the order of their commits."
pub async fn events_are_numbered_from_1_without_gaps_in_the_order_of_their_commits(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let neighbour = Tenant::new(subject).await;
    let project = tenant.project("told").await;
    let foreign = neighbour.project("told").await;
    let events: Vec<Event> = (0..6).map(|_| samples::event(&project)).collect();
    for unit in events.chunks(2) {
        tenant.must(unit.iter().cloned().map(Change::Raise)).await;
        neighbour.must([Change::Raise(samples::event(&foreign))]).await;
    }
    assert_eq!(tenant.events().await, numbered(1, &events));
    assert_eq!(neighbour.events().await.iter().map(|e| e.sequence).collect::<Vec<_>>(), [1, 2, 3]);
}

/// 64 units at once through two handles; a reader meanwhile never sees a later number before an earlier one.
pub async fn events_of_concurrent_units_have_no_gaps(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("told").await;
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let raise = |n: usize, project: &Project| {
        let unit = ChangeSet::new().with_all((0..1 + n % 3).map(|_| Change::Raise(samples::event(project))));
        let store = Arc::clone(&handles[n % 2]);
        tokio::spawn(async move { store.commit(unit).await })
    };
    let commits: Vec<_> = (0..64).map(|n| raise(n, &project)).collect();
    let expected: i64 = (0..64).map(|n| 1 + n % 3).sum();
    let mut seen = 0;
    while seen < expected {
        let later = handles[0].events(tenant.scope(), seen, 10).await.unwrap_or_default();
        for event in later {
            assert_eq!(event.sequence, seen + 1);
            seen += 1;
        }
    }
    for outcome in join_all(commits).await {
        assert!(matches!(outcome, Ok(Ok(()))), "{outcome:?}");
    }
    let events = tenant.events().await;
    assert_eq!(events.iter().map(|e| e.sequence).collect::<Vec<_>>(), (1..=expected).collect::<Vec<_>>());
    let ids: BTreeSet<_> = events.iter().map(|e| e.event.id).collect();
    assert_eq!(ids.len(), events.len());
}

/// A number that was taken by a unit that failed is given to the next.
pub async fn a_failed_unit_takes_no_number(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("told").await;
    let kept: Vec<Event> = (0..3).map(|_| samples::event(&project)).collect();
    for event in &kept {
        let failed = [Change::Raise(samples::event(&project)), Change::UpdateProject(project.clone())];
        let stale = CommitError::Stale { entity: Entity::Project };
        assert_eq!(tenant.commit(failed).await, Err(stale));
        tenant.must([Change::Raise(event.clone())]).await;
    }
    assert_eq!(tenant.events().await, numbered(1, &kept));
    let nobody = Event { org: samples::organisation().id, ..samples::event(&project) };
    assert_eq!(tenant.commit([Change::Raise(nobody)]).await, Err(CommitError::Reference));
}

/// `EventReader::events`
pub async fn events_are_read_after_a_number_in_order(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("told").await;
    let events: Vec<Event> = (0..5).map(|_| samples::event(&project)).collect();
    tenant.must(events.iter().cloned().map(Change::Raise)).await;
    let after = |number, limit| tenant.store.events(tenant.scope(), number, limit);
    assert_eq!(after(0, 2).await, Ok(numbered(1, &events[..2])));
    assert_eq!(after(2, 9).await, Ok(numbered(3, &events[2..])));
    assert_eq!(after(5, 9).await, Ok(Vec::new()));
}
