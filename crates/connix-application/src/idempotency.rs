//! Idempotent calls: the first answer is written with its effect and given again to whoever repeats the call.

use crate::app::App;
use crate::error::Error;
use chrono::Duration;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};

/// A key is remembered this long (contract section 2).
const KEPT: Duration = Duration::hours(24);

/// A call that may be repeated.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Which call it is.
    pub key: IdempotencyKey,
    /// Digest of the whole request.
    pub fingerprint: String,
}

/// How the answer to a call looks, for when it is repeated.
pub struct Remember<'a, T: ?Sized> {
    /// Which call it is.
    pub call: Idempotency,
    /// The answer's bytes.
    pub render: &'a (dyn Fn(&T) -> Vec<u8> + Send + Sync),
}

impl App {
    /// The first answer to a call, if it has had one.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the key belongs to another request.
    pub async fn replay(&self, call: &Idempotency) -> Result<Option<Vec<u8>>, Error> {
        let Some(record) = self.store().remembered(&call.key, self.now()).await? else { return Ok(None) };
        if record.fingerprint != call.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        Ok(Some(self.ports.sealer.open(&context(&record.key), &record.answer)?))
    }

    /// Settles the answer to a call that went on after its effect was committed with a `provisional` answer: the first one to be
    /// given is kept, and is what this gives to everybody.
    ///
    /// # Errors
    /// What the store says.
    pub async fn settle(&self, call: &Idempotency, provisional: &[u8], answer: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.retrying(|| async {
            let Some(record) = self.store().remembered(&call.key, self.now()).await? else { return Ok(answer.clone()) };
            let context = context(&call.key);
            let kept = self.ports.sealer.open(&context, &record.answer)?;
            if kept != provisional {
                return Ok(kept);
            }
            let settled = Change::Settle {
                key: record.key,
                provisional: record.answer,
                answer: self.ports.sealer.seal(&context, &answer),
            };
            self.ports.store.commit(ChangeSet::new().with(settled)).await?;
            Ok(answer.clone())
        })
        .await
    }

    /// The record of an answer, to be committed before everything else of its unit.
    pub(crate) fn record<T: ?Sized>(&self, remember: Option<&Remember<'_, T>>, result: &T) -> Option<Change> {
        let remember = remember?;
        let key = remember.call.key.clone();
        let now = self.now();
        Some(Change::Remember(IdempotencyRecord {
            answer: self.ports.sealer.seal(&context(&key), &(remember.render)(result)),
            key,
            fingerprint: remember.call.fingerprint.clone(),
            created_at: now,
            expires_at: now + KEPT,
        }))
    }
}

fn context(key: &IdempotencyKey) -> String {
    format!("idempotency/{}/{}", key.org, key.key)
}
