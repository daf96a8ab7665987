//! Errors the worker acts on. Their body is that of every lower-case error (contract section 4).

use serde::{Deserialize, Serialize};

/// 401: the token is unknown or no longer valid; the worker exits with [`crate::exit_code::CREDENTIALS_REFUSED`].
pub const UNAUTHORIZED: &str = "unauthorized";
/// 409: this task is no longer this attempt's; the worker drops that task alone.
pub const LEASE_LOST: &str = "lease_lost";
/// 410: a newer incarnation exists or the session is over; the worker drops everything and exits 0 at once.
pub const INSTANCE_FENCED: &str = "instance_fenced";
/// 426: the protocol version is not served; the worker exits with [`crate::exit_code::UNSUPPORTED`].
pub const PROTOCOL_UNSUPPORTED: &str = "protocol_unsupported";

/// Body of every refused call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorReply {
    /// The error.
    pub error: ErrorBody,
}

/// Code and message of a refused call; other keys are for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// One of this module's codes or another of the lower-case vocabulary.
    pub code: String,
    /// For people.
    pub message: String,
    /// Seconds to wait before the call is repeated, on 429.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}
