//! Teams: members who share the private projects of the team (contract section 10).

use crate::Timestamp;
use crate::id::{OrgId, TeamId, UserId};
use crate::name::TeamName;

/// A team of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The tenant.
    pub org: OrgId,
    /// Its identifier.
    pub id: TeamId,
    /// What people call it; unique in the organisation without regard to case.
    pub name: TeamName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises by one with each change; the ETag, and what optimistic locking compares.
    pub version: i64,
}

impl Team {
    /// With another name. `None` when it is the same.
    pub fn renamed(&self, name: TeamName, now: Timestamp) -> Option<Self> {
        if name == self.name {
            return None;
        }
        let updated_at = now.max(self.updated_at);
        Some(Self { name, updated_at, version: self.version + 1, ..self.clone() })
    }
}

/// That somebody is in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The tenant.
    pub org: OrgId,
    /// Of which team.
    pub team: TeamId,
    /// Who.
    pub user: UserId,
    /// Since when.
    pub since: Timestamp,
}
