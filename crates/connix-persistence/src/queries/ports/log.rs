//! Log lines.

use super::rows::LogRow;
use super::tables::log;
use super::{DB, Store, decoded};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::log::LogLine;
use connix_domain::page::{LogQuery, Page};
use connix_domain::port::store::{LogReader, ReadError};
use connix_domain::scope::OrgScope;
use diesel::dsl::IntoBoxed;
use diesel::prelude::*;

/// The filters as a value, for the page and for its total.
fn matching(scope: OrgScope, query: &LogQuery) -> IntoBoxed<'static, log::table, DB> {
    let own = log::table.filter(log::org_id.eq(scope.org().to_string()));
    let mut filtered = own.filter(log::agent_id.eq(query.agent.to_string())).into_boxed();
    if let Some(level) = query.level {
        filtered = filtered.filter(log::level.eq(level.as_str()));
    }
    if let Some(start) = query.start {
        filtered = filtered.filter(log::at.ge(At(start)));
    }
    if let Some(end) = query.end {
        filtered = filtered.filter(log::at.lt(At(end)));
    }
    filtered
}

#[async_trait]
impl LogReader for Store {
    async fn logs(&self, scope: OrgScope, query: &LogQuery) -> Result<Page<LogLine>, ReadError> {
        let page = || {
            let part = matching(scope, query).limit(query.window.limit).offset(query.window.offset);
            part.order((log::at.desc(), log::position.desc())).select(LogRow::as_select())
        };
        let (rows, total) = self.page(true, page, || matching(scope, query).count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }
}
