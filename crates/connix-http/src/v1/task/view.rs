//! A task and its journal as the API shows them (contract section 6).

use crate::query::{CursorPagination, OffsetPagination};
use crate::rfc3339::Instant;
use connix_domain::journal::JournalEntry;
use connix_domain::page::Page;
use connix_domain::task::{Task, TaskError, TaskPhase};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A task.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Task")]
pub(crate) struct TaskView<'t> {
    /// `task_` and 16 hexadecimal digits.
    id: String,
    agent_id: String,
    project_id: String,
    /// `queued`, `running`, `completed`, `failed` or `cancelled`.
    status: &'static str,
    input: &'t Value,
    /// What came of it; null until it has completed.
    output: Option<&'t Value>,
    /// Why it failed, or why its last attempt did.
    error: Option<ErrorView<'t>>,
    /// How often it was begun.
    attempts: i64,
    max_attempts: i64,
    timeout_seconds: i64,
    /// Whether somebody has called it off.
    cancel_requested: bool,
    #[schemars(with = "Map<String, Value>")]
    metadata: Value,
    usage: UsageView,
    created_at: Instant,
    started_at: Option<Instant>,
    completed_at: Option<Instant>,
    /// While it is running: when this attempt is out of time. Pauses come on top.
    deadline: Option<Instant>,
    /// Seconds that the attempt took that ended it.
    duration: Option<f64>,
}

/// Why a task failed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TaskError")]
struct ErrorView<'t> {
    code: &'t str,
    message: &'t str,
}

/// Model tokens of all attempts.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TaskUsage")]
struct UsageView {
    prompt_tokens: i64,
    completion_tokens: i64,
    total_tokens: i64,
    /// Calls of the model.
    llm_requests: i64,
}

impl<'t> TaskView<'t> {
    /// Shows a task.
    pub(super) fn of(task: &'t Task) -> Self {
        Self {
            id: task.id.to_string(),
            agent_id: task.agent.to_string(),
            project_id: task.project.to_string(),
            status: task.phase.as_str(),
            input: &task.order.input,
            output: task.output.as_ref(),
            error: task.error.as_ref().map(ErrorView::of),
            attempts: task.attempt,
            max_attempts: task.order.max_attempts,
            timeout_seconds: task.order.timeout_seconds,
            cancel_requested: task.cancel_requested_at.is_some(),
            metadata: task.order.metadata.to_value(),
            usage: UsageView {
                prompt_tokens: task.usage.prompt,
                completion_tokens: task.usage.completion,
                total_tokens: task.usage.total(),
                llm_requests: task.usage.requests,
            },
            created_at: task.created_at.into(),
            started_at: task.started_at.map(Instant::from),
            completed_at: task.completed_at.map(Instant::from),
            deadline: task.deadline().filter(|_| task.phase == TaskPhase::Running).map(Instant::from),
            duration: task.duration_seconds(),
        }
    }
}

impl<'t> ErrorView<'t> {
    fn of(error: &'t TaskError) -> Self {
        Self { code: &error.code, message: &error.message }
    }
}

/// A part of an agent's tasks.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TaskList<'t> {
    pub(super) tasks: Vec<TaskView<'t>>,
    pub(super) pagination: OffsetPagination,
}

/// What happened in a task.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TaskEvent")]
pub(crate) struct EntryView<'j> {
    /// Its number, from 1.
    sequence: i64,
    /// The attempt that noted it.
    attempt: i64,
    /// `llm.request`, `llm.response`, `message`, `tool.started`, `tool.finished` or `usage`.
    kind: &'static str,
    data: &'j Value,
    timestamp: Instant,
}

/// A part of a task's journal, in order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TaskEventList")]
pub(crate) struct JournalPage<'j> {
    data: Vec<EntryView<'j>>,
    pagination: CursorPagination,
}

impl<'j> JournalPage<'j> {
    /// Shows the entries after number `after`.
    pub(super) fn of(page: &'j Page<JournalEntry>, after: i64) -> Self {
        let data: Vec<_> = page.items.iter().map(EntryView::of).collect();
        let next = data.last().map_or(after, |entry| entry.sequence);
        Self { data, pagination: CursorPagination { next, has_more: next < page.total } }
    }
}

impl<'j> EntryView<'j> {
    pub(super) fn of(entry: &'j JournalEntry) -> Self {
        Self {
            sequence: entry.sequence,
            attempt: entry.attempt,
            kind: entry.kind.as_str(),
            data: &entry.data,
            timestamp: entry.at.into(),
        }
    }
}
