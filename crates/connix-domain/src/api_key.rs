//! API keys: what the service keeps of them. The key's own text is shown once and never kept (`reliability.md` 2.2).

use crate::Timestamp;
use crate::id::{OrgId, ProjectId, UserId};
use crate::permission::Permissions;
use std::fmt;

/// The public part of an API key: 12 base-62 characters behind `cx_`. Unique in the service.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kid(String);

impl Kid {
    /// Takes the public part out of a key that has been parsed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The 12 characters.
    pub fn as_str(&self) -> &str {
        &self.0
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

/// What is kept of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose data it reaches.
    pub org: OrgId,
    /// Its public part.
    pub kid: Kid,
    /// HMAC of the whole key.
    pub digest: Digest,
    /// What people call it.
    pub name: String,
    /// The member it acts as.
    pub user: UserId,
    /// What it may do.
    pub permissions: Permissions,
    /// The only projects it may touch; `None` is all of them.
    pub projects: Option<Vec<ProjectId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is refused.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is neither revoked nor expired at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
    /// Whether its project list holds `project`.
    pub fn reaches(&self, project: ProjectId) -> bool {
        self.projects.as_ref().is_none_or(|list| list.contains(&project))
    }
}
