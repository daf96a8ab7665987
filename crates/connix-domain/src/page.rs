//! Lists: filters, order, and the part of a list that is asked for.

use crate::Timestamp;
use crate::audit::Outcome;
use crate::event::Actor;
use crate::id::{AgentId, ProjectId, TeamId, UserId};
use crate::log::LogLevel;
use crate::phases;
use crate::project::ProjectPhase;
use crate::task::TaskPhase;

/// A part of a list, and how long the whole is.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: i64,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// At most this many.
    pub limit: i64,
    /// After this many.
    pub offset: i64,
}

/// The filters that every list knows (contract section 2).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// A literal part of name, canonical name or description, without regard to case.
    pub search: Option<String>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// Changed at or after.
    pub updated_after: Option<Timestamp>,
    /// Changed before.
    pub updated_before: Option<Timestamp>,
    /// Attributes that all must have these values.
    pub metadata: Vec<(String, String)>,
}

/// A part of a sequence that is read on and on.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch<T> {
    /// The part.
    pub items: Vec<T>,
    /// Whether something follows already.
    pub has_more: bool,
}

impl<T> Stretch<T> {
    /// The first `limit` of `items`, of which one more was asked for.
    pub fn of(mut items: Vec<T>, limit: usize) -> Self {
        let has_more = items.len() > limit;
        items.truncate(limit);
        Self { items, has_more }
    }
}

/// A part of an organisation's audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only what this actor did.
    pub actor: Option<Actor>,
    /// Only this action.
    pub action: Option<String>,
    /// Only what was done to this kind of resource.
    pub target_kind: Option<String>,
    /// Only what was done to this resource.
    pub target_id: Option<String>,
    /// Only what came out so.
    pub outcome: Option<Outcome>,
    /// At or after.
    pub start: Option<Timestamp>,
    /// Before.
    pub end: Option<Timestamp>,
    /// Only what comes after the entry of this number, in the order that is asked for.
    pub after: Option<i64>,
    /// The newest first, and not the oldest.
    pub newest_first: bool,
    /// At most this many.
    pub limit: i64,
}

impl AuditQuery {
    /// All entries, the oldest first; at most `limit`.
    pub const fn everything(limit: i64) -> Self {
        Self {
            actor: None,
            action: None,
            target_kind: None,
            target_id: None,
            outcome: None,
            start: None,
            end: None,
            after: None,
            newest_first: false,
            limit,
        }
    }
}

phases! {
    /// What a list is sorted by.
    pub enum SortBy {
        /// When it was made.
        CreatedAt = "created_at",
        /// When it was last changed.
        UpdatedAt = "updated_at",
        /// Its name, without regard to case.
        Name = "name",
    }
}

/// The order of a list. Ties go by id, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Sort {
    /// The newest first: what lists give unless asked otherwise.
    pub const NEWEST: Self = Self { by: SortBy::CreatedAt, descending: true };
}

/// A list of members, teams, API keys or applications, which have no attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectoryQuery {
    /// Common filters. A member is searched, and sorted, by its e-mail address; the others by their names.
    pub filter: Filter,
    /// In this order.
    pub sort: Sort,
    /// This part.
    pub window: Window,
}

impl DirectoryQuery {
    /// A part of everything, the oldest first.
    pub fn oldest_first(window: Window) -> Self {
        Self { filter: Filter::default(), sort: Sort { descending: false, ..Sort::NEWEST }, window }
    }
}

/// With whose eyes projects are looked at: a private one is seen by who made it and by its team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The member.
    pub user: UserId,
    /// The teams that the member is in.
    pub teams: Vec<TeamId>,
}

/// A list of projects. Deleted ones are never in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectQuery {
    /// Common filters.
    pub filter: Filter,
    /// Only these phases.
    pub phase: Option<ProjectPhase>,
    /// Only these projects: a credential's project list.
    pub within: Option<Vec<ProjectId>>,
    /// Only what this member sees; `None` for who sees everything.
    pub seen_by: Option<Viewer>,
    /// In this order.
    pub sort: Sort,
    /// This part.
    pub window: Window,
}

/// A list of a project's agents. Deleted ones are never in it.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentQuery {
    /// Of this project.
    pub project: ProjectId,
    /// Common filters.
    pub filter: Filter,
    /// Only with this status (the word of AGNT: `updating` stands for three phases).
    pub status: Option<String>,
    /// In this order.
    pub sort: Sort,
    /// This part.
    pub window: Window,
}

/// A list of an agent's tasks, the newest first unless asked otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskQuery {
    /// Of this agent.
    pub agent: AgentId,
    /// Only in this phase.
    pub phase: Option<TaskPhase>,
    /// Times and metadata; `search` does not apply.
    pub filter: Filter,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// This part.
    pub window: Window,
}

/// A list of an agent's log lines, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct LogQuery {
    /// Of this agent.
    pub agent: AgentId,
    /// Exactly this level.
    pub level: Option<LogLevel>,
    /// At or after.
    pub start: Option<Timestamp>,
    /// Before.
    pub end: Option<Timestamp>,
    /// This part.
    pub window: Window,
}
