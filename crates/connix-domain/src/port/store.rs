//! Where everything is kept: one door for writing, a reader per kind for reading.

use super::api_keys::ApiKeyReader;
use super::applications::ApplicationReader;
use super::audit::AuditReader;
use super::members::MemberReader;
use super::secrets::PresentedKey;
use super::telemetry::Telemetry;
use crate::Timestamp;
use crate::agent::Agent;
use crate::api_key::ApiKey;
use crate::change_set::ChangeSet;
use crate::event::SequencedEvent;
use crate::id::{AgentId, ProjectId, TaskId};
use crate::idempotency::{IdempotencyKey, IdempotencyRecord};
use crate::journal::JournalEntry;
use crate::log::{LogLine, PlacedLine};
use crate::organisation::Organisation;
use crate::page::{AgentQuery, LogQuery, Page, ProjectQuery, TaskQuery};
use crate::phases;
use crate::project::Project;
use crate::scope::OrgScope;
use crate::task::Task;
use async_trait::async_trait;

phases! {
    /// What a rule of uniqueness or a guard is about.
    pub enum Entity {
        /// An organisation.
        Organisation = "organisation",
        /// An API key.
        ApiKey = "api key",
        /// A member.
        Member = "member",
        /// A team.
        Team = "team",
        /// A project.
        Project = "project",
        /// An agent.
        Agent = "agent",
        /// A task.
        Task = "task",
        /// An idempotency record.
        Idempotency = "idempotency record",
        /// An event.
        Event = "event",
        /// An entry of the audit log.
        Audit = "audit entry",
        /// A property of the service.
        Property = "property",
        /// An application.
        OAuthClient = "oauth client",
        /// An authorization code.
        AuthorizationCode = "authorization code",
        /// A grant.
        Grant = "grant",
        /// A pair of tokens.
        TokenPair = "token pair",
        /// What a member has said yes to.
        Consent = "consent",
        /// A browser's session.
        BrowserSession = "browser session",
        /// A signing key.
        SigningKey = "signing key",
    }
}

/// Why a unit of work was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The name or key is taken.
    #[error("the {entity}'s {field} is taken")]
    Duplicate {
        /// By what.
        entity: Entity,
        /// `id`, `name`, `canonical_name`, `email`, `number` or `key`.
        field: &'static str,
    },
    /// It has changed or is gone since it was read.
    #[error("the {entity} has changed or is gone")]
    Stale {
        /// What.
        entity: Entity,
    },
    /// Something that it refers to does not exist.
    #[error("something referred to does not exist")]
    Reference,
    /// Nothing was written; it can be tried again.
    #[error("nothing was written: {0}")]
    Unavailable(String),
    /// The connection was lost while committing: it may or may not be written.
    #[error("the outcome is not known: {0}")]
    Unknown(String),
}

/// Why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store does not answer; it can be tried again.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// A row says what no value of ours says.
    #[error("a stored {entity} is damaged: {detail}")]
    Corrupt {
        /// What.
        entity: Entity,
        /// How.
        detail: String,
    },
}

/// The one door for writing.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Committer: Send + Sync {
    /// Applies a unit of work.
    ///
    /// - It MUST be applied whole or not at all.
    /// - When it returns `Ok`, the unit MUST be durable and every later read MUST see it.
    /// - A stale version MUST change nothing and raise nothing.
    /// - Of concurrent updates of one version exactly one MUST win.
    /// - Whoever is told to have lost to another unit MUST see that unit in every later read.
    /// - A duplicate name MUST be reported as such, with its entity and field.
    /// - Names MUST be unique without regard to case for projects, teams and organisations, and exactly for agents; a deleted
    ///   project's or agent's name MUST be free.
    /// - Events of an organisation MUST be numbered from 1 without gaps, in the order of their commits.
    /// - Of concurrent records under one idempotency key exactly one MUST be kept, and the others' units MUST NOT be.
    /// - Of concurrent answers that replace one idempotency record's first exactly one MUST win.
    /// - An expired idempotency record MUST be replaced by a new one.
    /// - Journal entries and log lines that are sent again MUST be kept once.
    /// - A row below a project or agent of another organisation MUST be refused.
    ///
    /// # Errors
    /// [`CommitError`]
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError>;
}

/// Organisations, and properties of the service. For the service's own work and for authentication.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ServiceReader: Send + Sync {
    /// All organisations, oldest first.
    async fn organisations(&self) -> Result<Vec<Organisation>, ReadError>;
    /// MUST find an API key that is shown whatever its organisation, revoked and expired ones too. By its digest as well as by its public
    /// part: for a wrong text there MUST be nothing to read, so that the time it takes does not tell which keys exist.
    async fn presented_key(&self, key: &PresentedKey) -> Result<Option<ApiKey>, ReadError>;
    /// A property of the service.
    async fn property(&self, name: &str) -> Result<Option<Vec<u8>>, ReadError>;
    /// Takes `count` integers for projects and gives the first. MUST never give the same integer twice, also not to
    /// concurrent callers.
    async fn reserve_project_numbers(&self, count: i64) -> Result<i64, ReadError>;
    /// MUST give the agents whose [`due_at`](Agent::due_at) is not after `now`, deleted ones too, longest due first.
    async fn agents_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Agent>, ReadError>;
    /// MUST give the agents that a process may exist for, see [`ProcessPhase::is_live`](crate::agent::ProcessPhase::is_live).
    async fn agents_with_process(&self) -> Result<Vec<Agent>, ReadError>;
    /// MUST give the running tasks whose lease is over at `now`.
    async fn tasks_without_lease(&self, now: Timestamp, limit: i64) -> Result<Vec<Task>, ReadError>;
    /// MUST give deleted projects that no agent is left of.
    async fn projects_to_purge(&self, limit: i64) -> Result<Vec<Project>, ReadError>;
    /// Removes idempotency records that expired before `now`; gives how many.
    async fn forget_expired(&self, now: Timestamp) -> Result<u64, ReadError>;
    /// Fails unless the store answers and can be written to.
    async fn ping(&self) -> Result<(), ReadError>;
}

/// Projects. Deleted ones are never seen.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ProjectReader: Send + Sync {
    /// MUST be `None`, not an error, for an unknown id and for another organisation's.
    async fn project(&self, scope: OrgScope, id: ProjectId) -> Result<Option<Project>, ReadError>;
    /// The same by its integer.
    async fn project_by_number(&self, scope: OrgScope, number: i64) -> Result<Option<Project>, ReadError>;
    /// The same by its canonical name, in any case.
    async fn project_by_name(&self, scope: OrgScope, canonical: &str) -> Result<Option<Project>, ReadError>;
    /// A part of the list; the total MUST count what the filters match, and search MUST be literal and without regard to case.
    async fn projects(&self, scope: OrgScope, query: &ProjectQuery) -> Result<Page<Project>, ReadError>;
}

/// Agents.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AgentReader: Send + Sync {
    /// MUST be `None`, not an error, for an unknown id and for another organisation's; deleted ones are seen, since the
    /// service still works on them.
    async fn agent(&self, scope: OrgScope, id: AgentId) -> Result<Option<Agent>, ReadError>;
    /// A part of a project's list, without deleted ones.
    async fn agents(&self, scope: OrgScope, query: &AgentQuery) -> Result<Page<Agent>, ReadError>;
    /// All agents of a project, without deleted ones.
    async fn agents_of(&self, scope: OrgScope, project: ProjectId) -> Result<Vec<Agent>, ReadError>;
    /// Whether a project has an agent of this name that is not deleted.
    async fn agent_name_taken(&self, scope: OrgScope, project: ProjectId, name: &str) -> Result<bool, ReadError>;
}

/// Tasks and their journals.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TaskReader: Send + Sync {
    /// MUST be `None`, not an error, for an unknown id and for another organisation's.
    async fn task(&self, scope: OrgScope, id: TaskId) -> Result<Option<Task>, ReadError>;
    /// A part of an agent's list.
    async fn tasks(&self, scope: OrgScope, query: &TaskQuery) -> Result<Page<Task>, ReadError>;
    /// How many of an agent's tasks are queued or running.
    async fn open_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<i64, ReadError>;
    /// MUST give the oldest queued task that may be claimed at `now`.
    async fn next_task(&self, scope: OrgScope, agent: AgentId, now: Timestamp) -> Result<Option<Task>, ReadError>;
    /// MUST give when the next queued task that must wait may be claimed.
    async fn next_task_at(&self, scope: OrgScope, agent: AgentId) -> Result<Option<Timestamp>, ReadError>;
    /// An agent's running tasks.
    async fn running_tasks(&self, scope: OrgScope, agent: AgentId) -> Result<Vec<Task>, ReadError>;
    /// A task's journal after a number, in order.
    async fn journal(
        &self,
        scope: OrgScope,
        task: TaskId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalEntry>, ReadError>;
    /// How many entries a task's journal has.
    async fn journal_length(&self, scope: OrgScope, task: TaskId) -> Result<i64, ReadError>;
}

/// Log lines.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LogReader: Send + Sync {
    /// A part of an agent's lines, the newest first; lines of one instant in the reverse order of their writing. The total
    /// MUST be exact, and any offset MUST lead to the line that counting leads to, also when lines are sent again or removed.
    /// What either costs does not grow with the history.
    async fn logs(&self, scope: OrgScope, query: &LogQuery) -> Result<Page<LogLine>, ReadError>;
    /// An agent's lines after a position, in the order of their writing.
    ///
    /// - Whoever asks again after the last position that it was given MUST miss no line, whoever else writes.
    /// - A line MUST be placed after every earlier one of its agent, also when those have been removed.
    async fn logs_after(
        &self,
        scope: OrgScope,
        agent: AgentId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<PlacedLine>, ReadError>;
    /// The position after which the last `count` of an agent's lines come; 0 when it has no more than these.
    async fn logs_before_last(&self, scope: OrgScope, agent: AgentId, count: i64) -> Result<i64, ReadError>;
}

/// What happened.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventReader: Send + Sync {
    /// Events after a number, in order.
    async fn events(&self, scope: OrgScope, after: i64, limit: i64) -> Result<Vec<SequencedEvent>, ReadError>;
}

/// First answers.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait IdempotencyReader: Send + Sync {
    /// The record under a key that has not expired at `now`.
    async fn remembered(&self, key: &IdempotencyKey, now: Timestamp) -> Result<Option<IdempotencyRecord>, ReadError>;
}

/// Everything a store does; for wiring and for the contract suite.
pub trait Store:
    Committer
    + ServiceReader
    + ProjectReader
    + AgentReader
    + TaskReader
    + LogReader
    + EventReader
    + IdempotencyReader
    + MemberReader
    + AuditReader
    + ApiKeyReader
    + ApplicationReader
    + Telemetry
{
}

impl<T> Store for T where
    T: Committer
        + ServiceReader
        + ProjectReader
        + AgentReader
        + TaskReader
        + LogReader
        + EventReader
        + IdempotencyReader
        + MemberReader
        + AuditReader
        + ApiKeyReader
        + ApplicationReader
        + Telemetry
{
}
