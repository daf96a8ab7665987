//! First answers.

use super::tenant::all_projects;
use super::{Subject, Tenant};
use crate::samples;
use chrono::Duration;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::idempotency::IdempotencyRecord;
use connix_domain::port::secrets::Sealed;
use connix_domain::port::store::{CommitError, Entity, Store};
use futures_util::future::join_all;
use std::sync::Arc;

const TAKEN: CommitError = CommitError::Duplicate { entity: Entity::Idempotency, field: "key" };

/// Committer: "Of concurrent records under one idempotency key exactly one MUST be kept, and the others' units MUST NOT be."
pub async fn of_concurrent_records_under_one_key_exactly_one_is_kept_and_no_other_unit(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let mut units = Vec::new();
    for n in 0..16 {
        let project = tenant.draft(&format!("call-{n}")).await;
        let record = IdempotencyRecord { answer: Sealed(vec![n]), ..samples::record(tenant.org(), "call") };
        let unit = ChangeSet::new()
            .with(Change::CreateProject(project.clone()))
            .with(Change::Raise(samples::event(&project)))
            .first(Some(Change::Remember(record)));
        units.push((project, unit));
    }
    let commits = units.iter().enumerate().map(|(n, (_, unit))| {
        let (store, unit) = (Arc::clone(&handles[n % 2]), unit.clone());
        tokio::spawn(async move { store.commit(unit).await })
    });
    let outcomes = join_all(commits.collect::<Vec<_>>()).await;
    let kept: Vec<_> = (0..16).filter(|n| matches!(outcomes.get(*n), Some(Ok(Ok(()))))).collect();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Err(error)) if *error == TAKEN)).count();
    assert_eq!((kept.len(), refused), (1, 15), "{outcomes:?}");
    let projects = tenant.projects(&all_projects()).await;
    assert_eq!(projects.iter().collect::<Vec<_>>(), kept.iter().map(|n| &units[*n].0).collect::<Vec<_>>());
    assert_eq!(tenant.events().await.len(), 1);
    let record = tenant.store.remembered(&samples::record(tenant.org(), "call").key, samples::after(1)).await;
    let answers = record.map(|record| record.map(|record| record.answer.0));
    assert_eq!(answers, Ok(Some(kept.iter().map(|n| *n as u8).collect())));
}

/// Committer: "Of concurrent answers that replace one idempotency record's first exactly one MUST win."
pub async fn of_concurrent_answers_that_replace_the_first_exactly_one_wins(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let record = samples::record(tenant.org(), "call");
    let settled = |n: u8| Change::Settle {
        key: record.key.clone(),
        provisional: record.answer.clone(),
        answer: Sealed(vec![100 + n]),
    };
    let stale = Err(CommitError::Stale { entity: Entity::Idempotency });
    assert_eq!(tenant.commit([settled(0)]).await, stale, "there is no record yet");
    tenant.must([Change::Remember(record.clone()), Change::Remember(samples::record(tenant.org(), "other"))]).await;
    let handles: [Arc<dyn Store>; 2] = [subject.store(), subject.another().await];
    let commits = (0..8_u8).map(|n| {
        let (store, unit) = (Arc::clone(&handles[usize::from(n) % 2]), ChangeSet::new().with(settled(n)));
        tokio::spawn(async move { store.commit(unit).await })
    });
    let outcomes = join_all(commits.collect::<Vec<_>>()).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(|outcome| outcome.expect("a task that ends")).collect();
    let winners: Vec<_> = (0..8_u8).filter(|n| outcomes[usize::from(*n)].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == stale).count(), 7, "{outcomes:?}");
    let kept = |key: &str| {
        let key = samples::record(tenant.org(), key).key;
        async move { subject.store().remembered(&key, samples::after(1)).await }
    };
    let answer = Sealed(vec![100 + winners[0]]);
    assert_eq!(kept("call").await, Ok(Some(IdempotencyRecord { answer, ..record.clone() })));
    assert_eq!(kept("other").await, Ok(Some(samples::record(tenant.org(), "other"))));
}

/// Committer: "An expired idempotency record MUST be replaced by a new one."
pub async fn an_expired_record_is_replaced_by_a_new_one(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let first = samples::record(tenant.org(), "call");
    tenant.must([Change::Remember(first.clone())]).await;
    let made_at = |created_at| IdempotencyRecord {
        fingerprint: "g".to_owned(),
        answer: Sealed(vec![2]),
        created_at,
        expires_at: created_at + Duration::days(1),
        ..first.clone()
    };
    let early = made_at(first.expires_at - Duration::microseconds(1));
    assert_eq!(tenant.commit([Change::Remember(early)]).await, Err(TAKEN));
    let second = made_at(first.expires_at);
    tenant.must([Change::Remember(second.clone())]).await;
    assert_eq!(tenant.store.remembered(&first.key, second.created_at).await, Ok(Some(second.clone())));
    assert_eq!(tenant.commit([Change::Remember(second)]).await, Err(TAKEN));
}

/// `IdempotencyReader::remembered`
pub async fn a_record_is_found_until_it_expires(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let record = samples::record(tenant.org(), "call");
    tenant.must([Change::Remember(record.clone()), Change::Remember(samples::record(tenant.org(), "other"))]).await;
    let at = |now| tenant.store.remembered(&record.key, now);
    assert_eq!(at(record.created_at).await, Ok(Some(record.clone())));
    assert_eq!(at(record.expires_at - Duration::microseconds(1)).await, Ok(Some(record.clone())));
    assert_eq!(at(record.expires_at).await, Ok(None));
    let foreign = samples::record(Tenant::new(subject).await.org(), "call");
    assert_eq!(tenant.store.remembered(&foreign.key, record.created_at).await, Ok(None));
}

/// `ServiceReader::forget_expired`. Others' cases keep their records: this one's expired long before.
pub async fn expired_records_are_forgotten(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let long_ago = samples::noon() - Duration::days(1000);
    let dated = |key: &str, expires_at| IdempotencyRecord {
        created_at: long_ago,
        expires_at,
        ..samples::record(tenant.org(), key)
    };
    let records = [dated("before", long_ago + Duration::hours(1)), dated("after", long_ago + Duration::hours(3))];
    // more than a store removes at once
    let many = (0..1100).map(|n| dated(&n.to_string(), long_ago + Duration::seconds(n)));
    tenant.must(records.iter().cloned().chain(many).map(Change::Remember)).await;
    let forgotten = tenant.store.forget_expired(long_ago + Duration::hours(2)).await;
    assert!(forgotten.is_ok());
    let mut left = Vec::new();
    let latest = dated("1099", long_ago);
    for record in records.iter().chain([&latest]) {
        if tenant.store.remembered(&record.key, long_ago).await.is_ok_and(|found| found.is_some()) {
            left.push(record.key.key.as_str());
        }
    }
    assert_eq!(left, ["after"]);
}
