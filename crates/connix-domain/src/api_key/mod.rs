//! API keys: what the service keeps of them. The key's own text is shown once and never kept (`reliability.md` 2.2).

mod terms;
#[cfg(test)]
mod tests;

pub use terms::{KeyChange, KeyRefusal, KeyTerms};

use crate::Timestamp;
use crate::id::{OrgId, ProjectId, UserId};
use crate::name::KeyName;
use crate::permission::Permissions;
use crate::phases;
use crate::rate_limit::Overrides;
use std::fmt;

/// The public part of an API key: 12 base-62 characters behind `cx_`. Unique in the service.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kid(String);

impl Kid {
    const PREFIX: &str = "cx_";
    const LENGTH: usize = 12;
    /// Takes the public part out of a key that has been parsed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The 12 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Reads what the API calls a key by: `cx_` and the 12 characters. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let kid = text.strip_prefix(Self::PREFIX).filter(|rest| rest.len() == Self::LENGTH)?;
        kid.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| Self::new(kid))
    }
    /// What the API calls a key by.
    pub fn id(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0)
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cx_{}_…", self.0)
    }
}
impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cx_{}_…", self.0)
    }
}

/// HMAC-SHA-256 of a credential. Compare with [`Credentials::same`](crate::port::secrets::Credentials::same).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

phases! {
    /// Where a key stands.
    pub enum KeyStatus {
        /// It works.
        Active = "active",
        /// It works until its grace is over: another one has been made in its place.
        Rotated = "rotated",
        /// Its time is over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

/// What is kept of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose data it reaches.
    pub org: OrgId,
    /// Its public part.
    pub kid: Kid,
    /// The public part of the first key of its line: keys that were made in each other's place. They share their rate limits.
    pub line: Kid,
    /// HMAC of the whole key.
    pub digest: Digest,
    /// What people call it.
    pub name: KeyName,
    /// The member it acts as.
    pub user: UserId,
    /// What it may do.
    pub permissions: Permissions,
    /// The only projects it may touch; `None` is all of them.
    pub projects: Option<Vec<ProjectId>>,
    /// The rate limits that it has instead of everybody's.
    pub limits: Overrides,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// From when it is refused.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
    /// The key that was made in its place.
    pub successor: Option<Kid>,
    /// When it was last shown, to within a minute.
    pub last_used_at: Option<Timestamp>,
    /// Rises by one with each change but a use; the ETag, and what optimistic locking compares.
    pub version: i64,
}

impl ApiKey {
    /// Whether it is neither revoked nor expired at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
    /// Where it stands at `now`.
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        match (self.revoked_at, self.is_live(now), &self.successor) {
            (Some(_), _, _) => KeyStatus::Revoked,
            (None, false, _) => KeyStatus::Expired,
            (None, true, Some(_)) => KeyStatus::Rotated,
            (None, true, None) => KeyStatus::Active,
        }
    }
}
