//! How an attempt ends.

use connix_worker_protocol::task::{ReleaseReason, TaskError};

use crate::server::CallError;
use crate::session::leave::Leave;

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// The model's last words.
    Completed(String),
    /// Why not.
    Failed(TaskError),
    /// The user called it off.
    Cancelled,
    /// Given back unfinished. A worker that goes on leaving afterwards says so by its own duty.
    Released(ReleaseReason),
    /// It is somebody else's: nothing is reported.
    Dropped,
    /// The worker has to leave without a word about the task.
    Left(Leave),
}

impl Outcome {
    /// A failure that another attempt would repeat.
    pub(crate) fn failed(code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self::Failed(TaskError { code, message, retryable: false, retry_after_ms: None })
    }

    /// The end that a failed call about the task brings. Transient failures never get here.
    pub(crate) fn of_call(error: &CallError) -> Self {
        match error {
            CallError::LeaseLost | CallError::NotFound(_) => Self::Dropped,
            CallError::Refused { .. } => {
                Self::failed("report_refused", format!("The server refused a report: {error}"))
            }
            _ => Self::Left(Leave::because_of(error).unwrap_or(Leave::Internal)),
        }
    }
}
