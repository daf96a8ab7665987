//! An organisation: the tenant. It is made together with its owner and its default project.

use crate::Timestamp;
use crate::id::{OrgId, UserId};
use crate::name::OrganisationName;

/// The tenant that projects, agents and credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its identifier.
    pub id: OrgId,
    /// What people call it; unique in the service without regard to case.
    pub name: OrganisationName,
    /// The first owner: the member as whom credentials made on the command line act (contract section 10).
    pub owner: UserId,
    /// When it was made.
    pub created_at: Timestamp,
}
