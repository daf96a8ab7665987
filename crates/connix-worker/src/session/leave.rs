//! Why a worker leaves, and with which exit code.

use connix_worker_protocol::exit_code;

use crate::server::CallError;

/// A reason to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Drained or asked to exit.
    Told,
    /// Superseded.
    Fenced,
    /// The token is refused.
    CredentialsRefused,
    /// The model's endpoint refuses the key, task after task.
    KeyRefused,
    /// The protocol version is not served.
    Unsupported,
    /// The server does not know the session any more; a new one may do better.
    SessionGone,
    /// A fault of the worker itself.
    Internal,
}

impl Leave {
    /// The failure of a call about the session that ends the worker; `None` when it does not.
    pub(crate) fn because_of(error: &CallError) -> Option<Self> {
        match error {
            CallError::Unauthorized => Some(Self::CredentialsRefused),
            CallError::Fenced => Some(Self::Fenced),
            CallError::Unsupported(_) => Some(Self::Unsupported),
            CallError::NotFound(_) => Some(Self::SessionGone),
            CallError::Refused { .. } => Some(Self::Internal),
            CallError::Transient { .. } | CallError::LeaseLost => None,
        }
    }

    /// The process's exit code.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Told | Self::Fenced => exit_code::TOLD_TO_LEAVE,
            Self::CredentialsRefused | Self::KeyRefused => exit_code::CREDENTIALS_REFUSED,
            Self::Unsupported => exit_code::UNSUPPORTED,
            Self::SessionGone => exit_code::RETRY,
            Self::Internal => exit_code::INTERNAL,
        }
    }

    /// Whether the server still wants to hear from this session.
    pub(crate) fn says_good_bye(self) -> bool {
        matches!(self, Self::Told | Self::KeyRefused | Self::Internal)
    }

    /// For people.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Told => "told to leave",
            Self::Fenced => "superseded by a newer instance",
            Self::CredentialsRefused => "the server refused the token",
            Self::KeyRefused => "the model's endpoint refuses the key",
            Self::Unsupported => "the server does not serve this protocol version",
            Self::SessionGone => "the server does not know the session",
            Self::Internal => "internal fault",
        }
    }
}
