//! What somebody asks for with a new project, and what they hear of a removed one.

use connix_domain::id::{ProjectId, TeamId};
use connix_domain::metadata::Metadata;
use connix_domain::name::{CanonicalName, DisplayName};
use connix_domain::project::Visibility;

/// How a new project gets its canonical name (contract section 5).
#[derive(Debug, Clone, PartialEq)]
pub enum Naming {
    /// One name that is both (PROJ).
    Same(CanonicalName),
    /// Both given (CANO).
    Both(CanonicalName, DisplayName),
    /// Derived from the display name, with a number when it is taken (WORK).
    Derived(DisplayName),
}

/// A new project.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectOrder {
    /// Its names.
    pub naming: Naming,
    /// What it is for.
    pub description: Option<String>,
    /// Who sees it.
    pub visibility: Visibility,
    /// The team it belongs to.
    pub team: Option<TeamId>,
    /// Custom attributes.
    pub metadata: Metadata,
}

/// A project that has been removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    /// Its integer.
    pub number: i64,
    /// Its identifier.
    pub id: ProjectId,
}
