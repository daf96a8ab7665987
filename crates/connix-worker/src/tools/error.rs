//! Why a tool call has no result, in words for the model.

use std::borrow::Cow;

use serde_json::{Value, json};
use thiserror::Error;

/// A tool call without a result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {detail}")]
pub(crate) struct ToolError {
    /// Lower-case word, such as `invalid_arguments`.
    pub(crate) code: Cow<'static, str>,
    /// What the model should know in order to do better.
    pub(crate) detail: String,
}

impl ToolError {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }

    /// What a child said.
    pub(crate) fn from_child(code: &str, detail: &str) -> Self {
        Self { code: code.to_owned().into(), detail: detail.to_owned() }
    }

    /// The arguments are not what the tool's schema says.
    pub(crate) fn invalid_arguments(detail: impl Into<String>) -> Self {
        Self::new("invalid_arguments", detail)
    }

    /// The agent's configuration names the tool, but it cannot work here.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new("tool_unavailable", detail)
    }

    /// The tool's time is over.
    pub(crate) fn timed_out() -> Self {
        Self::new("timed_out", "The call took longer than a tool may")
    }

    /// The worker was lost during a call that must not be run twice.
    pub(crate) fn outcome_unknown() -> Self {
        Self::new("outcome_unknown", "worker was lost while this call ran")
    }

    /// As the model reads it.
    pub(crate) fn to_value(&self) -> Value {
        json!({"error": self.code, "detail": self.detail})
    }
}
