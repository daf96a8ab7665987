//! The API keys of an organisation.

use super::filter::{by_search, by_times, sorted};
use super::rows::ApiKeyRow;
use super::tables::api_key;
use super::{DB, Store, decoded, dialect, only};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::api_key::{ApiKey, KeyStatus, Kid};
use connix_domain::page::{DirectoryQuery, Page, SortBy};
use connix_domain::port::api_keys::ApiKeyReader;
use connix_domain::port::store::ReadError;
use connix_domain::scope::OrgScope;
use diesel::dsl::IntoBoxed;
use diesel::prelude::*;

/// An organisation's keys.
fn own(scope: OrgScope) -> IntoBoxed<'static, api_key::table, DB> {
    api_key::table.filter(api_key::org_id.eq(scope.org().to_string())).into_boxed()
}

/// Those of them that have this status at a time, as [`ApiKey::status`] has it.
fn of_status(
    keys: IntoBoxed<'static, api_key::table, DB>,
    status: Option<(KeyStatus, Timestamp)>,
) -> IntoBoxed<'static, api_key::table, DB> {
    let Some((status, now)) = status else { return keys };
    let live = api_key::expires_at.is_null().or(api_key::expires_at.gt(At(now)).assume_not_null());
    match status {
        KeyStatus::Revoked => keys.filter(api_key::revoked_at.is_not_null()),
        KeyStatus::Expired => keys.filter(api_key::expires_at.le(At(now))),
        KeyStatus::Rotated => keys.filter(live).filter(api_key::successor.is_not_null()),
        KeyStatus::Active => keys.filter(live).filter(api_key::successor.is_null()),
    }
}

#[async_trait]
impl ApiKeyReader for Store {
    async fn api_keys(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<(KeyStatus, Timestamp)>,
    ) -> Result<Page<ApiKey>, ReadError> {
        let matching = || {
            let kept = of_status(own(scope).filter(api_key::revoked_at.is_null()), status);
            by_search!(by_times!(kept, api_key, query.filter), api_key::name_key, query.filter)
        };
        let page = || {
            let part = matching().limit(query.window.limit).offset(query.window.offset);
            sorted!(part.select(ApiKeyRow::as_select()), api_key, query.sort, api_key::name_key, api_key::kid)
        };
        let (rows, total) = self.page(true, page, || matching().count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn api_key(&self, scope: OrgScope, kid: &Kid) -> Result<Option<ApiKey>, ReadError> {
        let key = || own(scope).filter(api_key::kid.eq(kid.as_str().to_owned()));
        only(self.look_up(|| key().select(ApiKeyRow::as_select())).await?)
    }

    async fn api_keys_of_line(&self, scope: OrgScope, line: &Kid) -> Result<Vec<ApiKey>, ReadError> {
        let keys = || {
            let line = own(scope).filter(api_key::line.eq(line.as_str().to_owned()));
            line.order((api_key::created_at, api_key::kid)).select(ApiKeyRow::as_select())
        };
        decoded(self.look_up(keys).await?)
    }
}
