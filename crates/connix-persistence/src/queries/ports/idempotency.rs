//! Idempotency records.

use super::rows::IdempotencyRow;
use super::tables::idempotency;
use super::{Store, only};
use crate::instant::At;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::port::store::{IdempotencyReader, ReadError};
use diesel::prelude::*;

#[async_trait]
impl IdempotencyReader for Store {
    async fn remembered(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<IdempotencyRecord>, ReadError> {
        let live = || {
            let row = idempotency::table.find((key.org.to_string(), key.key.clone()));
            row.filter(idempotency::expires_at.gt(At(now))).select(IdempotencyRow::as_select())
        };
        only(self.look_up(live).await?)
    }
}
