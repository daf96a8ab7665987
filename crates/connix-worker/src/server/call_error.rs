//! Why a call did not succeed, seen by what the worker does about it.

use std::time::Duration;

use connix_worker_protocol::error::{self, ErrorBody, ErrorReply};
use reqwest::StatusCode;

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// Try again: nobody answered, the server is overloaded or ill.
    #[error("{cause}")]
    Transient { cause: String, retry_after: Option<Duration> },
    /// The token is refused.
    #[error("the server refused the worker's token")]
    Unauthorized,
    /// A newer instance exists, or this one is not wanted any more.
    #[error("the server fenced this instance")]
    Fenced,
    /// The server does not speak this protocol version.
    #[error("the server does not serve this protocol version: {0}")]
    Unsupported(String),
    /// The task belongs to somebody else now.
    #[error("the lease on the task is lost")]
    LeaseLost,
    /// The session or task does not exist.
    #[error("not found: {0}")]
    NotFound(String),
    /// The server understood and declines; repeating it would not help.
    #[error("refused with {status}: {message}")]
    Refused { status: u16, message: String },
}

impl CallError {
    /// The meaning of an answer that is not a success.
    pub(crate) fn of_status(status: StatusCode, body: &[u8]) -> Self {
        let error = serde_json::from_slice::<ErrorReply>(body).map_or_else(|_| unreadable(body), |reply| reply.error);
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::GONE => Self::Fenced,
            StatusCode::UPGRADE_REQUIRED => Self::Unsupported(error.message),
            StatusCode::NOT_FOUND => Self::NotFound(error.message),
            StatusCode::CONFLICT if error.code == error::LEASE_LOST => Self::LeaseLost,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Self::transient(status, &error),
            _ if status.is_client_error() => Self::Refused { status: status.as_u16(), message: error.message },
            _ => Self::transient(status, &error),
        }
    }

    /// Nobody answered, or what came is no answer.
    pub(crate) fn of_transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        Self::Transient { cause: format!("{error}{}", root_cause(&error)), retry_after: None }
    }

    fn transient(status: StatusCode, error: &ErrorBody) -> Self {
        let cause = format!("the server answered {}: {}", status.as_u16(), error.message);
        Self::Transient { cause, retry_after: error.retry_after.map(Duration::from_secs) }
    }
}

fn unreadable(body: &[u8]) -> ErrorBody {
    let message = String::from_utf8_lossy(body).chars().take(200).collect();
    ErrorBody { code: String::new(), message, retry_after: None }
}

/// reqwest says "error sending request"; what a person needs to know ("connection refused") is at the end of the chain.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let first = std::error::Error::source(error);
    let deepest = std::iter::successors(first, |inner| inner.source()).last();
    deepest.map(|inner| format!(": {inner}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str) -> CallError {
        let body =
            format!(r#"{{"error": {{"code": "{code}", "message": "why", "request_id": "req_1", "retry_after": 7}}}}"#);
        CallError::of_status(StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn each_status_means_what_the_protocol_says() {
        assert_eq!(answered(401, "unauthorized"), CallError::Unauthorized);
        assert_eq!(answered(410, "instance_fenced"), CallError::Fenced);
        assert_eq!(answered(426, "protocol_unsupported"), CallError::Unsupported("why".into()));
        assert_eq!(answered(409, "lease_lost"), CallError::LeaseLost);
        assert_eq!(answered(409, "agent_conflict"), CallError::Refused { status: 409, message: "why".into() });
        assert_eq!(answered(404, "task_not_found"), CallError::NotFound("why".into()));
        assert_eq!(answered(413, "payload_too_large"), CallError::Refused { status: 413, message: "why".into() });
    }

    #[test]
    fn overload_and_faults_of_the_server_pass() {
        for status in [429, 500, 502, 503] {
            let error = answered(status, "x");
            let CallError::Transient { retry_after, .. } = error else { panic!("{status}: {error:?}") };
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
        }
    }

    #[test]
    fn a_page_of_a_proxy_is_no_riddle() {
        let error = CallError::of_status(StatusCode::BAD_GATEWAY, b"<html>bad gateway</html>");
        assert!(matches!(error, CallError::Transient { cause, .. } if cause.contains("bad gateway")));
    }
}
