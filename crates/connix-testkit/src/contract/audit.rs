//! The audit log.

use super::{Subject, Tenant};
use crate::samples;
use connix_domain::audit::{AuditEntry, Origin, Outcome, PlacedEntry};
use connix_domain::change_set::Change;
use connix_domain::event::Actor;
use connix_domain::id::{TeamId, UserId};
use connix_domain::page::AuditQuery;
use connix_domain::port::store::{CommitError, Entity};

const EVERYTHING: AuditQuery = AuditQuery::everything(100);

async fn log(tenant: &Tenant, query: &AuditQuery) -> Vec<PlacedEntry> {
    tenant.store.audit_log(tenant.scope(), query).await.expect("the log")
}

/// Entries come back with every field, in either order, a part at a time.
pub async fn entries_come_back_as_they_were_part_by_part(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let entries = [samples::audit_entry(tenant.org()), samples::full_audit_entry(tenant.org())];
    for entry in &entries {
        tenant.must([Change::Audit(entry.clone())]).await;
    }
    let [first, second] = entries;
    let (first, second) = (PlacedEntry { sequence: 1, entry: first }, PlacedEntry { sequence: 2, entry: second });
    let [first, second] = [&[first][..], &[second]];
    for (newest_first, order) in [(false, [first, second]), (true, [second, first])] {
        let everything = AuditQuery { newest_first, ..EVERYTHING };
        assert_eq!(log(&tenant, &everything).await, order.concat());
        assert_eq!(log(&tenant, &AuditQuery { limit: 1, ..everything.clone() }).await, order[0]);
        let mut after = Some(order[0][0].sequence);
        assert_eq!(log(&tenant, &AuditQuery { after, ..everything.clone() }).await, order[1]);
        after = Some(order[1][0].sequence);
        assert_eq!(log(&tenant, &AuditQuery { after, ..everything }).await, []);
    }
}

/// AuditReader: "Entries MUST be numbered from 1 without gaps, in the order of their commits."
pub async fn entries_are_numbered_from_1_without_gaps(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let entry = |n: i64| AuditEntry { target_id: format!("t{n}"), ..samples::audit_entry(tenant.org()) };
    tenant.must((1..=3).map(|n| Change::Audit(entry(n)))).await;
    let impossible = Change::TeamExists { org: tenant.org(), id: TeamId::new(0) };
    let failed = tenant.commit([Change::Audit(entry(99)), impossible]).await;
    assert_eq!(failed, Err(CommitError::Stale { entity: Entity::Team }));
    let more = (4..=20).map(|n| tenant.commit([Change::Audit(entry(n))]));
    for committed in futures_util::future::join_all(more).await {
        assert_eq!(committed, Ok(()));
    }
    let numbers: Vec<_> = log(&tenant, &EVERYTHING).await.iter().map(|placed| placed.sequence).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

/// AuditReader: "Another organisation's entries MUST NOT be shown."
pub async fn a_log_holds_no_other_organisation_s_entries(subject: &dyn Subject) {
    let (tenant, other) = (Tenant::new(subject).await, Tenant::new(subject).await);
    let entry = samples::full_audit_entry(tenant.org());
    tenant.must([Change::Audit(entry.clone())]).await;
    assert_eq!(log(&other, &EVERYTHING).await, []);
    let by_target = AuditQuery { target_id: Some(entry.target_id), ..EVERYTHING };
    assert_eq!(log(&other, &by_target).await, []);
    let nobody = AuditEntry { org: samples::organisation().id, ..samples::audit_entry(tenant.org()) };
    assert_eq!(tenant.commit([Change::Audit(nobody)]).await, Err(CommitError::Reference));
}

/// `AuditQuery`: each filter by itself, and all together.
pub async fn a_log_is_filtered_by_who_what_and_when(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let plain = samples::audit_entry(tenant.org());
    let marked = AuditEntry {
        at: samples::after(10),
        actor: Actor::Member(UserId::new(77)),
        origin: Origin::local("deleteProject"),
        target_kind: "project".to_owned(),
        target_id: "proj_00000000000000ff".to_owned(),
        outcome: Outcome::Refused,
        ..plain.clone()
    };
    tenant.must([Change::Audit(plain), Change::Audit(marked.clone())]).await;
    let by_actor = AuditQuery { actor: Some(marked.actor), ..EVERYTHING };
    let by_action = AuditQuery { action: Some(marked.origin.action.clone()), ..EVERYTHING };
    let by_kind = AuditQuery { target_kind: Some(marked.target_kind.clone()), ..EVERYTHING };
    let by_id = AuditQuery { target_id: Some(marked.target_id.clone()), ..EVERYTHING };
    let by_outcome = AuditQuery { outcome: Some(marked.outcome), ..EVERYTHING };
    let by_time = AuditQuery { start: Some(samples::after(10)), end: Some(samples::after(11)), ..EVERYTHING };
    let by_all = AuditQuery {
        actor: by_actor.actor,
        action: by_action.action.clone(),
        target_kind: by_kind.target_kind.clone(),
        target_id: by_id.target_id.clone(),
        outcome: by_outcome.outcome,
        start: by_time.start,
        ..by_time.clone()
    };
    for query in [by_actor, by_action, by_kind, by_id, by_outcome, by_time, by_all] {
        let found: Vec<_> = log(&tenant, &query).await.into_iter().map(|placed| placed.entry).collect();
        assert_eq!(found, std::slice::from_ref(&marked), "{query:?}");
    }
    let before = AuditQuery { end: Some(samples::after(-1)), ..EVERYTHING };
    assert_eq!(log(&tenant, &before).await, []);
}
