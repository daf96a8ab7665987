//! Idempotency records: the first answer to a POST, kept with its effect, so that a repeated call has no second one.

use crate::Timestamp;
use crate::id::OrgId;
use crate::port::secrets::Sealed;

/// Which call it is: the same key by the same principal on the same path is the same call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// The tenant.
    pub org: OrgId,
    /// Digest of principal, method, path and the caller's key, in hexadecimal.
    pub key: String,
}

/// The first answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub struct IdempotencyRecord {
    /// Which call.
    pub key: IdempotencyKey,
    /// Digest of the whole request: another body under the same key is refused.
    pub fingerprint: String,
    /// The answer, sealed: it can hold a credential that is shown once.
    pub answer: Sealed,
    /// When it was given.
    pub created_at: Timestamp,
    /// From when the key is free again.
    pub expires_at: Timestamp,
}
