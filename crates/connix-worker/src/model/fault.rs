//! Why a model did not answer.

use std::time::Duration;

/// The kinds that a user must tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// No connection, or the endpoint is overloaded or ill.
    Unavailable,
    /// It wants fewer calls.
    RateLimited,
    /// What came is no answer.
    BadReply,
    /// It refuses the API key.
    Auth,
    /// It does not know the model.
    ModelNotFound,
    /// It refuses the request.
    Refused,
}

/// One call that was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelFault {
    pub(crate) kind: FaultKind,
    /// For the user; bounded, and without the API key.
    pub(crate) message: String,
    /// The wait the endpoint asks for.
    pub(crate) retry_after: Option<Duration>,
}

impl FaultKind {
    /// The kind of an answer with this status.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Auth,
            404 => Self::ModelNotFound,
            429 => Self::RateLimited,
            408 | 500.. => Self::Unavailable,
            _ => Self::Refused,
        }
    }

    /// The word in the task's `error.code`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "llm_unavailable",
            Self::RateLimited => "llm_rate_limited",
            Self::BadReply => "llm_bad_reply",
            Self::Auth => "llm_auth",
            Self::ModelNotFound => "model_not_found",
            Self::Refused => "llm_refused",
        }
    }

    /// Asking again may help.
    pub(crate) fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::RateLimited | Self::BadReply)
    }
}
