//! What the worker writes into a task's journal, and reads from it when a later attempt resumes.
//!
//! The server stores these documents without looking into them; other versions of the worker read them. So keys are
//! only ever added, and every key that is read has a default.

use connix_worker_protocol::task::{EventKind, NewEvent, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock;
use crate::model::Answer;

/// `llm.request`, written before the model is asked.
#[derive(Debug, Serialize)]
pub(super) struct Asked<'a> {
    /// Counts the model calls of the task from 1.
    pub(super) step: i64,
    pub(super) model: &'a str,
    /// How many messages it is sent; their texts are in the entries before.
    pub(super) messages: usize,
}

/// `llm.response`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    #[serde(default)]
    pub(super) step: i64,
    #[serde(flatten)]
    pub(super) answer: Answer,
}

/// `tool.started`, written before the tool runs.
#[derive(Debug, Serialize)]
pub(super) struct ToolStarted<'a> {
    pub(super) call_id: &'a str,
    pub(super) name: &'a str,
}

/// What is read of a `tool.started`.
#[derive(Debug, Deserialize)]
pub(super) struct Started {
    #[serde(default)]
    pub(super) call_id: String,
}

/// `tool.finished`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ToolFinished {
    #[serde(default)]
    pub(super) call_id: String,
    #[serde(default)]
    pub(super) name: String,
    /// What the model is told.
    #[serde(default)]
    pub(super) result: Value,
}

pub(super) fn asked(asked: &Asked<'_>) -> NewEvent {
    event(EventKind::LlmRequest, json!(asked))
}

pub(super) fn answered(answered: &Answered) -> NewEvent {
    event(EventKind::LlmResponse, json!(answered))
}

pub(super) fn tool_started(started: &ToolStarted<'_>) -> NewEvent {
    event(EventKind::ToolStarted, json!(started))
}

pub(super) fn tool_finished(finished: &ToolFinished) -> NewEvent {
    event(EventKind::ToolFinished, json!(finished))
}

pub(super) fn used(usage: &Usage) -> NewEvent {
    event(EventKind::Usage, json!(usage))
}

fn event(kind: EventKind, data: Value) -> NewEvent {
    NewEvent { kind, data, at: clock::now() }
}
