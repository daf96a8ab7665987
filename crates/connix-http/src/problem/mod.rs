//! Everything that can be wrong with a request, and how it is answered.
//!
//! Code below returns a [`Problem`]; the envelope around all routes writes it in the [`Vocabulary`] of the path. Status,
//! code and standard message of every [`Situation`] stand in one table, from which `docs/errors.md` is printed too.

mod application;
#[cfg(test)]
mod document;
mod fault;
mod situation;
mod vocabulary;

pub use fault::Fault;
pub use situation::Situation;
pub use vocabulary::Vocabulary;

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use std::borrow::Cow;
use std::fmt;

/// What was wrong with an access token (RFC 6750 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// It is not good.
    InvalidToken,
    /// It is good for less than was asked.
    InsufficientScope,
}

impl Challenge {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidToken => "Bearer realm=\"connix\", error=\"invalid_token\"",
            Self::InsufficientScope => "Bearer realm=\"connix\", error=\"insufficient_scope\"",
        }
    }
}

/// A refused request, or a failure of ours.
#[derive(Debug)]
pub struct Problem {
    situation: Situation,
    message: Option<Cow<'static, str>>,
    faults: Vec<Fault>,
    retry_after: Option<u64>,
    allow: Option<String>,
    /// What was wrong with the credential, in the words of RFC 6750.
    challenge: Option<Challenge>,
    /// What the log is told and the caller is not.
    cause: Option<String>,
}

impl From<Situation> for Problem {
    fn from(situation: Situation) -> Self {
        Self {
            situation,
            message: None,
            faults: Vec::new(),
            retry_after: None,
            allow: None,
            challenge: None,
            cause: None,
        }
    }
}

impl Problem {
    /// Fields or parameters that break rules. Without any fault the body as a whole was unreadable.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self { faults, ..Situation::Invalid.into() }
    }

    /// A body that is not the JSON object it has to be.
    #[must_use]
    pub fn unreadable(issue: impl Into<String>) -> Self {
        let issue = issue.into();
        let message = format!("The request body cannot be read: {issue}");
        Self::invalid(vec![Fault::sentence("body", issue)]).saying(message)
    }

    /// A request header that cannot be read.
    #[must_use]
    pub fn header(name: &'static str, issue: &'static str) -> Self {
        Self { faults: vec![Fault::new(name, issue)], ..Situation::InvalidHeader.into() }
    }

    /// The route exists, with other methods.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        Self { allow: Some(allow), ..Situation::MethodNotAllowed.into() }
    }

    /// Our fault: `cause` goes to the log under the request id, never to the caller.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Situation::Internal.into() }
    }

    /// A part of the service is down; `cause` goes to the log.
    #[must_use]
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), retry_after: Some(1), ..Situation::Unavailable.into() }
    }

    /// With another sentence than the table's.
    #[must_use]
    pub fn saying(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// With one more fault in `details`.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// With a `Retry-After` in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// With what was wrong with an access token.
    #[must_use]
    pub(crate) fn challenging(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Which row of the error table this is.
    #[must_use]
    pub fn situation(&self) -> Situation {
        self.situation
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self, vocabulary: Vocabulary) -> &str {
        self.message.as_deref().unwrap_or_else(|| self.situation.message(vocabulary))
    }

    /// What is wrong with which field; the first one first.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// What the log is told.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// `error.retry_after`, which only a 429 has (contract section 4).
    fn retry_after_in_body(&self) -> Option<u64> {
        self.retry_after.filter(|_| self.status_code() == StatusCode::TOO_MANY_REQUESTS)
    }

    /// The headers that belong to this problem.
    pub(crate) fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self.allow.as_deref().and_then(|methods| HeaderValue::from_str(methods).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        let plain = (self.situation == Situation::Unauthorized).then_some("Bearer realm=\"connix\"");
        if let Some(challenge) = self.challenge.map(Challenge::as_str).or(plain) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.situation.name(), self.message(Vocabulary::Upper))
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.situation.status()
    }
    /// Status alone: only the envelope knows request id and vocabulary.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn retry_after_stands_in_the_body_of_a_429_alone() {
        let limited = Problem::from(Situation::RateLimited).retry_after(60);
        assert_eq!(Vocabulary::Lower.body(&limited, "r")["error"]["retry_after"], json!(60));
        let down = Problem::unavailable("store").retry_after(5);
        assert_eq!(Vocabulary::Lower.body(&down, "r")["error"].get("retry_after"), None);
    }

    #[test]
    fn a_500_shows_no_internal_text() {
        let body = Vocabulary::Lower.body(&Problem::internal("connection to db-7 refused"), "req_1234567890abcdef");
        assert_eq!(
            body,
            json!({"error": {
                "code": "internal_error",
                "message": "An unexpected error occurred. Please try again later.",
                "request_id": "req_1234567890abcdef",
            }})
        );
    }

    #[test]
    fn a_project_name_is_refused_as_the_document_shows() {
        let problem = Problem::from(Situation::InvalidProjectName).with(Fault::new("name", "too short").value("ab"));
        assert_eq!(
            Vocabulary::UpperProject.body(&problem, "r"),
            json!({"error": {
                "code": "INVALID_PROJECT_NAME",
                "message": "Project name must be 3-50 characters long and contain only alphanumeric characters and hyphens",
                "details": {"field": "name", "value": "ab", "issue": "too short"},
                "request_id": "r",
            }})
        );
    }

    #[test]
    fn a_broken_field_is_a_validation_error_on_project_routes_and_an_invalid_request_elsewhere() {
        assert_eq!(Situation::Invalid.code(Vocabulary::UpperProject), "VALIDATION_ERROR");
        assert_eq!(Situation::Invalid.code(Vocabulary::Upper), "INVALID_REQUEST");
        assert_eq!(Situation::InvalidHeader.code(Vocabulary::UpperProject), "INVALID_REQUEST");
    }
}
