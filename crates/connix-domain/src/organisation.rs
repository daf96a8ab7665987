//! An organisation: the tenant. It is made together with its owner and its default project.

use crate::Timestamp;
use crate::id::{OrgId, UserId};
use crate::name::OrganisationName;
use crate::rate_limit::Overrides;

/// The tenant that projects, agents and credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its identifier.
    pub id: OrgId,
    /// What people call it; unique in the service without regard to case.
    pub name: OrganisationName,
    /// The first owner: the member as whom credentials made on the command line act (contract section 10).
    pub owner: UserId,
    /// The rate limits of its credentials, where they have none of their own.
    pub limits: Overrides,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises by one with each change; the ETag, and what optimistic locking compares.
    pub version: i64,
}

/// What a PATCH asks for; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganisationChange {
    /// Another name.
    pub name: Option<OrganisationName>,
    /// Other limits.
    pub limits: Option<Overrides>,
}

impl Organisation {
    /// A new one.
    pub fn new(id: OrgId, name: OrganisationName, owner: UserId, now: Timestamp) -> Self {
        let limits = Overrides::default();
        Self { id, name, owner, limits, created_at: now, updated_at: now, version: 1 }
    }

    /// Applies what somebody asks for. `None` when it changes nothing.
    pub fn change(&self, change: OrganisationChange, now: Timestamp) -> Option<Self> {
        let mut next = self.clone();
        next.name = change.name.unwrap_or(next.name);
        next.limits = change.limits.unwrap_or(next.limits);
        if next == *self {
            return None;
        }
        next.updated_at = now.max(self.updated_at);
        next.version += 1;
        Some(next)
    }
}
