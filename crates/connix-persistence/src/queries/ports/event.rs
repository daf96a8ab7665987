//! Events.

use super::rows::SequencedRow;
use super::tables::event;
use super::{Store, decoded};
use async_trait::async_trait;
use connix_domain::event::SequencedEvent;
use connix_domain::port::store::{EventReader, ReadError};
use connix_domain::scope::OrgScope;
use diesel::prelude::*;

#[async_trait]
impl EventReader for Store {
    async fn events(&self, scope: OrgScope, after: i64, limit: i64) -> Result<Vec<SequencedEvent>, ReadError> {
        let later = || {
            let own = event::table.filter(event::org_id.eq(scope.org().to_string()));
            let later = own.filter(event::sequence.gt(after)).order(event::sequence);
            later.limit(limit).select(SequencedRow::as_select())
        };
        decoded(self.list(later).await?)
    }
}
