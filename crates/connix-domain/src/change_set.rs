//! A unit of work as a value: what is to be written, applied whole or not at all.
//!
//! Changes are applied in the order they were added. A `…Unchanged` guard makes the unit fail with
//! [`CommitError::Stale`](crate::port::store::CommitError::Stale) if somebody was faster, so that what was decided on
//! still holds at the moment of the commit.

use crate::Timestamp;
use crate::agent::Agent;
use crate::api_key::{ApiKey, Kid};
use crate::audit::AuditEntry;
use crate::event::Event;
use crate::id::{AgentId, OrgId, ProjectId, TaskId, TeamId, UserId};
use crate::idempotency::{IdempotencyKey, IdempotencyRecord};
use crate::journal::JournalEntry;
use crate::log::LogLine;
use crate::member::Member;
use crate::oauth::change::OAuthChange;
use crate::organisation::Organisation;
use crate::port::secrets::Sealed;
use crate::project::Project;
use crate::task::Task;
use crate::team::{Membership, Team};
use crate::telemetry::ResourceSample;

/// One change. An adapter matches all of them: a new one does not compile until it is written there.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new organisation; its name is unique in the service without regard to case.
    CreateOrganisation(Organisation),
    /// The new state; replaces version − 1.
    UpdateOrganisation(Organisation),
    /// A new API key.
    CreateApiKey(ApiKey),
    /// The new state; replaces version − 1. Leaves `last_used_at` to [`Change::TouchApiKey`].
    UpdateApiKey(ApiKey),
    /// The key was used at `at`. Neither a version nor a guard; nothing when it is known to have been used less than a minute
    /// before.
    TouchApiKey {
        /// The tenant.
        org: OrgId,
        /// Which key.
        kid: Kid,
        /// When.
        at: Timestamp,
    },
    /// The key is refused from `at`, as its next version. Fails as stale when there is no such key.
    RevokeApiKey {
        /// The key as it was read.
        key: ApiKey,
        /// Since when.
        at: Timestamp,
    },
    /// A new member; its e-mail address is unique in the organisation without regard to case, its account at a provider exactly.
    CreateMember(Member),
    /// The new state; replaces version − 1.
    UpdateMember(Member),
    /// The organisation has an owner that is not disabled, as of the changes before this one.
    OwnerRemains {
        /// The tenant.
        org: OrgId,
    },
    /// A new team; its name is unique in the organisation without regard to case.
    CreateTeam(Team),
    /// The new state; replaces version − 1.
    UpdateTeam(Team),
    /// The team is there; it is not changed.
    TeamExists {
        /// The tenant.
        org: OrgId,
        /// Which team.
        id: TeamId,
    },
    /// Removes a team. Its projects belong to none from then on. Fails as stale when there is no such team.
    DeleteTeam {
        /// The tenant.
        org: OrgId,
        /// Which team.
        id: TeamId,
        /// When.
        at: Timestamp,
    },
    /// Somebody is in a team from now on; nothing when it has been so already.
    JoinTeam(Membership),
    /// Somebody is in a team no more; nothing when it has been so already.
    LeaveTeam {
        /// The tenant.
        org: OrgId,
        /// Which team.
        team: TeamId,
        /// Who.
        user: UserId,
    },
    /// A new project; its canonical name is unique in the organisation without regard to case.
    CreateProject(Project),
    /// The new state; replaces version − 1.
    UpdateProject(Project),
    /// The project is still at this version; it is not changed.
    ProjectUnchanged {
        /// The tenant.
        org: OrgId,
        /// Which project.
        id: ProjectId,
        /// At which version.
        version: i64,
    },
    /// No agent of the project is alive: neither stopped, nor in error, nor deleted, as of the changes before this one.
    NoLiveAgents {
        /// The tenant.
        org: OrgId,
        /// Which project.
        project: ProjectId,
    },
    /// Removes a deleted project's rows and all that is left below it.
    PurgeProject {
        /// The tenant.
        org: OrgId,
        /// Which project.
        id: ProjectId,
    },
    /// A new agent; its name is unique among the project's agents that are not deleted.
    CreateAgent(Agent),
    /// The new state; replaces version − 1. Leaves `last_activity` to [`Change::TouchAgent`].
    UpdateAgent(Agent),
    /// The agent is still at this version; it is not changed.
    AgentUnchanged {
        /// The tenant.
        org: OrgId,
        /// Which agent.
        id: AgentId,
        /// At which version.
        version: i64,
    },
    /// A sign of work: `last_activity` is at least `at`. Neither a version nor a guard.
    TouchAgent {
        /// The tenant.
        org: OrgId,
        /// Which agent.
        id: AgentId,
        /// When.
        at: Timestamp,
    },
    /// Removes a deleted agent with its tasks, journals, logs and figures. What it used stays with its project.
    PurgeAgent {
        /// The tenant.
        org: OrgId,
        /// Which agent.
        id: AgentId,
    },
    /// A new task.
    CreateTask(Task),
    /// The new state; replaces version − 1. One that has ended does not open again.
    UpdateTask(Task),
    /// The lease of an attempt lasts until `until`; nothing when the attempt no longer holds the task.
    ExtendLease {
        /// The tenant.
        org: OrgId,
        /// Which task.
        task: TaskId,
        /// Whose lease.
        attempt: i64,
        /// Until when.
        until: Timestamp,
    },
    /// Entries of a task's journal; one whose number is there already is left as it is.
    AppendJournal(Vec<JournalEntry>),
    /// Log lines; one whose key is there already is left as it is.
    AppendLogs(Vec<LogLine>),
    /// What workers used; a sample that is there already is left as it is, one of an agent that is gone is dropped.
    AppendSamples(Vec<ResourceSample>),
    /// Somebody did something, or was refused; it gets the next number of its organisation's log.
    Audit(AuditEntry),
    /// Something happened; it gets the next number of its organisation's sequence.
    Raise(Event),
    /// The first answer to a call. The first writer wins; a record that has expired is replaced.
    Remember(IdempotencyRecord),
    /// The answer to a call that went on after its effect was committed: replaces the one that its record was made with. Fails as
    /// stale when another answer is there, or no record.
    Settle {
        /// Which call.
        key: IdempotencyKey,
        /// The answer that the record was made with, as it was read.
        provisional: Sealed,
        /// The answer that was given.
        answer: Sealed,
    },
    /// Something about applications, grants and sign-ins.
    OAuth(OAuthChange),
    /// A property of the service itself. The first writer wins.
    SetProperty {
        /// Its name.
        name: String,
        /// Its value.
        value: Vec<u8>,
    },
}

impl From<OAuthChange> for Change {
    fn from(change: OAuthChange) -> Self {
        Self::OAuth(change)
    }
}

/// A unit of work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeSet(Vec<Change>);

impl ChangeSet {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds a change.
    #[must_use]
    pub fn with(mut self, change: Change) -> Self {
        self.0.push(change);
        self
    }
    /// Adds changes.
    #[must_use]
    pub fn with_all(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        self.0.extend(changes);
        self
    }
    /// Adds a change that must be tried before all others, so that its conflict is the one that is reported.
    #[must_use]
    pub fn first(mut self, change: Option<Change>) -> Self {
        if let Some(change) = change {
            self.0.insert(0, change);
        }
        self
    }
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The changes in order.
    pub fn changes(&self) -> &[Change] {
        &self.0
    }
}

impl IntoIterator for ChangeSet {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
