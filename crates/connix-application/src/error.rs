//! What a use case can end in: facts, without any opinion on how a protocol words them.

use connix_domain::api_key::KeyRefusal;
use connix_domain::fault::Fault;
use connix_domain::lifecycle::TransitionError;
use connix_domain::member::MemberRefusal;
use connix_domain::name::NameIssue;
use connix_domain::port::secrets::CannotOpen;
use connix_domain::port::store::{CommitError, ReadError};
use connix_domain::project::ProjectRefusal;

/// Something that was asked for by name or id and is not there for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A project, as it was asked for.
    Project(String),
    /// An agent, as it was asked for.
    Agent(String),
    /// A task, as it was asked for.
    Task(String),
    /// A team, as it was asked for.
    Team(String),
    /// A member, as it was asked for.
    Member(String),
    /// An API key, as it was asked for.
    ApiKey(String),
    /// A signing key, by its name.
    SigningKey(String),
    /// An application, as it was asked for.
    OAuthClient(String),
}

/// What a use case can end in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No credential, or one that is not valid; every reason looks the same.
    #[error("Invalid API key or expired token")]
    Unauthorized,
    /// The credential may not do this.
    #[error("the credential does not allow this")]
    Forbidden,
    /// It does not exist, or not for this caller.
    #[error("{0:?} not found")]
    NotFound(Resource),
    /// Fields that break rules; all of them.
    #[error("invalid: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// A project name that breaks the naming rule.
    #[error("{field} {issue}")]
    InvalidProjectName {
        /// `name` or `canonical_name`.
        field: &'static str,
        /// What was given.
        value: String,
        /// Which rule.
        issue: NameIssue,
    },
    /// Another project of the organisation has this name.
    #[error("the project name is taken")]
    ProjectNameTaken {
        /// `name` or `canonical_name`.
        field: &'static str,
        /// What was given.
        value: String,
    },
    /// Another agent of the project has this name.
    #[error("Agent name already exists in this project")]
    AgentNameTaken,
    /// Another one of the organisation has this name or address.
    #[error("{message}")]
    Taken {
        /// `name` or `email`.
        field: &'static str,
        /// A sentence for people.
        message: &'static str,
    },
    /// The organisation would be left without an owner.
    #[error("The organisation needs an owner: make another member one first")]
    LastOwner(&'static str),
    /// The key is not one that can be changed or replaced any more.
    #[error(transparent)]
    KeyRefused(KeyRefusal),
    /// The lifecycle does not allow it now.
    #[error(transparent)]
    Refused(#[from] TransitionError),
    /// The default project is protected.
    #[error("The default project cannot be {0}")]
    DefaultProjectProtected(&'static str),
    /// The project is archived: it takes nothing new and starts nothing.
    #[error("The project is archived")]
    ProjectArchived,
    /// The project has agents that are alive.
    #[error("The project has {0} agents that are alive")]
    ProjectInUse(usize),
    /// The agent takes no tasks while it is stopped or in error.
    #[error("The agent takes no tasks while it is {0}")]
    NotTakingTasks(&'static str),
    /// The server runs this agent's worker itself.
    #[error("The server runs this agent's worker itself; only an external agent has a worker token")]
    NotExternal,
    /// Too many tasks of the agent are open.
    #[error("The agent's task queue is full")]
    QueueFull,
    /// Too many of these came from there.
    #[error("too many; try again in {retry_after} seconds")]
    RateLimited {
        /// Whole seconds until it may be tried again.
        retry_after: u64,
    },
    /// It is not the version that the caller has read.
    #[error("it has changed since it was read")]
    PreconditionFailed,
    /// Others changed it at the same time, several times over.
    #[error("it is being changed by others at the same time")]
    Contended,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The first request under the idempotency key is still running.
    #[error("the first request under this idempotency key is still running")]
    IdempotencyInProgress,
    /// A worker that has been replaced.
    #[error("this instance has been replaced")]
    Fenced,
    /// An attempt that no longer holds its task.
    #[error("the attempt does not hold this task")]
    LeaseLost,
    /// A part that is needed does not answer; nothing was done.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Our fault.
    #[error("internal: {0}")]
    Internal(String),
    /// Somebody was faster; decide again. Never leaves the application.
    #[error("somebody was faster")]
    Raced,
}

impl Error {
    /// A fault of one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(field, message)])
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(why) => Self::Unavailable(why),
            ReadError::Corrupt { .. } => Self::Internal(error.to_string()),
        }
    }
}

impl From<CommitError> for Error {
    /// What a conflict means that no use case has a better word for.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stale { .. } | CommitError::Reference => Self::Raced,
            CommitError::Duplicate { entity: connix_domain::port::store::Entity::Idempotency, .. } => {
                Self::IdempotencyInProgress
            }
            CommitError::Duplicate { .. } => Self::Internal(error.to_string()),
            CommitError::Unavailable(why) | CommitError::Unknown(why) => Self::Unavailable(why),
        }
    }
}

impl From<ProjectRefusal> for Error {
    fn from(refusal: ProjectRefusal) -> Self {
        match refusal {
            ProjectRefusal::Default(what) => Self::DefaultProjectProtected(what),
            ProjectRefusal::Transition(error) => Self::Refused(error),
        }
    }
}

impl From<KeyRefusal> for Error {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Exceeds => Self::Forbidden,
            KeyRefusal::Lifetime => Self::field("expires_at", format!("Expires at {refusal}")),
            KeyRefusal::Replaced(_) | KeyRefusal::Expired | KeyRefusal::PredecessorWorks => Self::KeyRefused(refusal),
        }
    }
}

impl From<MemberRefusal> for Error {
    fn from(MemberRefusal::OwnersOnly: MemberRefusal) -> Self {
        Self::Forbidden
    }
}

impl From<CannotOpen> for Error {
    fn from(error: CannotOpen) -> Self {
        Self::Internal(error.to_string())
    }
}
