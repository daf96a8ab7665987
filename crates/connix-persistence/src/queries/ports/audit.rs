//! The audit log.

use super::rows::PlacedRow;
use super::tables::audit;
use super::{DB, Store, decoded, rows};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::audit::PlacedEntry;
use connix_domain::page::AuditQuery;
use connix_domain::port::audit::AuditReader;
use connix_domain::port::store::ReadError;
use connix_domain::scope::OrgScope;
use diesel::dsl::IntoBoxed;
use diesel::prelude::*;

/// The filters.
fn matching(scope: OrgScope, query: &AuditQuery) -> IntoBoxed<'static, audit::table, DB> {
    let mut matching = audit::table.filter(audit::org_id.eq(scope.org().to_string())).into_boxed();
    if let Some(actor) = query.actor {
        matching = matching.filter(audit::actor.eq(actor.to_string()));
    }
    if let Some(action) = &query.action {
        matching = matching.filter(audit::action.eq(rows::plain(action)));
    }
    if let Some(kind) = &query.target_kind {
        matching = matching.filter(audit::target_kind.eq(rows::plain(kind)));
    }
    if let Some(id) = &query.target_id {
        matching = matching.filter(audit::target_id.eq(rows::plain(id)));
    }
    if let Some(outcome) = query.outcome {
        matching = matching.filter(audit::outcome.eq(outcome.as_str()));
    }
    if let Some(at) = query.start {
        matching = matching.filter(audit::at.ge(At(at)));
    }
    if let Some(at) = query.end {
        matching = matching.filter(audit::at.lt(At(at)));
    }
    match (query.after, query.newest_first) {
        (None, _) => matching,
        (Some(number), false) => matching.filter(audit::sequence.gt(number)),
        (Some(number), true) => matching.filter(audit::sequence.lt(number)),
    }
}

#[async_trait]
impl AuditReader for Store {
    async fn audit_log(&self, scope: OrgScope, query: &AuditQuery) -> Result<Vec<PlacedEntry>, ReadError> {
        let part = || {
            let matching = matching(scope, query).limit(query.limit).select(PlacedRow::as_select());
            let by_number = audit::sequence;
            if query.newest_first { matching.order(by_number.desc()) } else { matching.order(by_number.asc()) }
        };
        decoded(self.browse(part).await?)
    }
}
