//! A project: the workspace that agents, tasks and files belong to, and its life.

use crate::Timestamp;
use crate::fault::Fault;
use crate::id::{OrgId, ProjectId, TeamId, UserId};
use crate::lifecycle::{Lifecycle, TransitionError, Words};
use crate::metadata::Metadata;
use crate::name::{CanonicalName, DisplayName};
use crate::phases;

/// A description has at most this many characters.
pub const LONGEST_DESCRIPTION: usize = 2000;

phases! {
    /// The life of a project. Deleted ones stay, unseen, until what ran in them is gone.
    pub enum ProjectPhase {
        /// In use.
        Active = "active",
        /// Kept, but it takes no new resources and starts no agents.
        Archived = "archived",
        /// Gone for everybody; its name is free.
        Deleted = "deleted",
    }
}

phases! {
    /// What can be asked of a project.
    pub enum ProjectAction {
        /// Take it into use again.
        Activate = "activate",
        /// Put it aside.
        Archive = "archive",
        /// Remove it with everything in it.
        Delete = "delete",
    }
}

impl ProjectPhase {
    /// The whole life of a project (contract section 5).
    pub const fn next(self, action: ProjectAction) -> Option<Self> {
        use ProjectAction as A;
        match self {
            Self::Active | Self::Archived => match action {
                A::Activate => Some(Self::Active),
                A::Archive => Some(Self::Archived),
                A::Delete => Some(Self::Deleted),
            },
            Self::Deleted => match action {
                A::Activate | A::Archive | A::Delete => None,
            },
        }
    }
}

impl Lifecycle for ProjectPhase {
    type Action = ProjectAction;
    const FIRST: Self = Self::Active;
    const COMMANDS: &'static [ProjectAction] = ProjectAction::ALL;
    fn after(self, action: ProjectAction) -> Option<Self> {
        self.next(action)
    }
}

phases! {
    /// Who sees a project.
    pub enum Visibility {
        /// Its creator, its team, and the organisation's admins.
        Private = "private",
        /// Every member.
        Shared = "shared",
    }
}

/// A project.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// The tenant.
    pub org: OrgId,
    /// Its identifier.
    pub id: ProjectId,
    /// Its integer identifier, unique in the whole service.
    pub number: i64,
    /// Its machine-readable name, unique in the organisation without regard to case.
    pub canonical_name: CanonicalName,
    /// What people call it.
    pub name: DisplayName,
    /// What it is for.
    pub description: Option<String>,
    /// Where it is in its life.
    pub phase: ProjectPhase,
    /// Who sees it.
    pub visibility: Visibility,
    /// The team it belongs to.
    pub team: Option<TeamId>,
    /// Who made it.
    pub created_by: UserId,
    /// Custom attributes.
    pub metadata: Metadata,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Rises by one with each change; the ETag, and what optimistic locking compares.
    pub version: i64,
}

/// What a PUT or PATCH asks for; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProjectChange {
    /// A new display name.
    pub name: Option<DisplayName>,
    /// A new canonical name.
    pub canonical_name: Option<CanonicalName>,
    /// A new description, or none.
    pub description: Option<Option<String>>,
    /// Who is to see it.
    pub visibility: Option<Visibility>,
    /// Another team, or none.
    pub team: Option<Option<TeamId>>,
    /// New attributes, replacing all.
    pub metadata: Option<Metadata>,
    /// Where it is to be in its life.
    pub phase: Option<ProjectPhase>,
}

/// Why a project refuses a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectRefusal {
    /// The default project cannot be deleted, archived, renamed canonically or hidden.
    #[error("The default project cannot be {0}")]
    Default(&'static str),
    /// The table does not allow it.
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

impl Project {
    /// Whether it is the organisation's default project.
    pub fn is_default(&self) -> bool {
        self.canonical_name.is_default()
    }
    /// Whether new resources may be made in it.
    pub fn takes_resources(&self) -> bool {
        self.phase == ProjectPhase::Active
    }

    /// Applies a change. `None` when it changes nothing.
    ///
    /// # Errors
    /// [`ProjectRefusal`]: the default project is protected; a deleted one does not change.
    pub fn change(&self, change: ProjectChange, now: Timestamp) -> Result<Option<Self>, ProjectRefusal> {
        let mut next = self.clone();
        let action = match change.phase.unwrap_or(self.phase) {
            ProjectPhase::Active => ProjectAction::Activate,
            ProjectPhase::Archived => ProjectAction::Archive,
            ProjectPhase::Deleted => ProjectAction::Delete,
        };
        next.phase = self.phase.apply(action)?;
        next.canonical_name = change.canonical_name.unwrap_or(next.canonical_name);
        next.name = change.name.unwrap_or(next.name);
        next.description = change.description.unwrap_or(next.description);
        next.visibility = change.visibility.unwrap_or(next.visibility);
        next.team = change.team.unwrap_or(next.team);
        next.metadata = change.metadata.unwrap_or(next.metadata);
        if self.is_default() {
            self.protect_default(&next)?;
        }
        Ok((next != *self).then(|| next.touched(now)))
    }

    fn protect_default(&self, next: &Self) -> Result<(), ProjectRefusal> {
        if next.canonical_name.key() != self.canonical_name.key() {
            return Err(ProjectRefusal::Default("renamed"));
        }
        match next.phase {
            ProjectPhase::Active => {}
            ProjectPhase::Archived => return Err(ProjectRefusal::Default("archived")),
            ProjectPhase::Deleted => return Err(ProjectRefusal::Default("deleted")),
        }
        if next.visibility == Visibility::Private {
            return Err(ProjectRefusal::Default("made private"));
        }
        Ok(())
    }

    /// Takes it away from everybody. What ran in it is ended by the supervisor, which then purges it.
    ///
    /// # Errors
    /// [`ProjectRefusal::Default`] for the default project.
    pub fn delete(&self, now: Timestamp) -> Result<Self, ProjectRefusal> {
        if self.is_default() {
            return Err(ProjectRefusal::Default("deleted"));
        }
        let phase = self.phase.apply(ProjectAction::Delete)?;
        Ok(Self { phase, ..self.clone() }.touched(now))
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now.max(self.updated_at);
        self.version += 1;
        self
    }
}

/// Checks a description, which may be any text of at most [`LONGEST_DESCRIPTION`] characters.
///
/// # Errors
/// A fault of field `description`.
pub fn check_description(text: &str) -> Result<(), Fault> {
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(Fault::new(
            "description",
            format!("Description must have at most {LONGEST_DESCRIPTION} characters"),
        ));
    }
    Ok(())
}
