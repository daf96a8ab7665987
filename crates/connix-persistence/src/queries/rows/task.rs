//! Tasks.

use super::tables::task;
use super::{DB, labels, parsed, plain};
use crate::instant::At;
use connix_domain::metadata::Metadata;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::task::{Task, TaskError, TaskOrder, Usage};
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = task, primary_key(org_id, id), check_for_backend(DB))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct TaskRow {
    org_id: String,
    id: String,
    agent_id: String,
    project_id: String,
    input: Value,
    metadata: Value,
    labels: String,
    timeout_seconds: i64,
    max_attempts: i64,
    phase: String,
    attempt: i64,
    failures: i64,
    not_before: Option<At>,
    incarnation: Option<i64>,
    lease_until: Option<At>,
    cancel_requested_at: Option<At>,
    output: Option<Value>,
    error_code: Option<String>,
    error_message: Option<String>,
    prompt_tokens: i64,
    completion_tokens: i64,
    model_requests: i64,
    created_at: At,
    started_at: Option<At>,
    attempt_started_at: Option<At>,
    completed_at: Option<At>,
    updated_at: At,
    version: i64,
    charged_to: Option<String>,
    model: Option<String>,
}

impl From<Task> for TaskRow {
    fn from(task: Task) -> Self {
        let error = task.error.as_ref();
        Self {
            org_id: task.org.to_string(),
            id: task.id.to_string(),
            agent_id: task.agent.to_string(),
            project_id: task.project.to_string(),
            labels: labels(&task.order.metadata),
            metadata: task.order.metadata.to_value(),
            timeout_seconds: task.order.timeout_seconds,
            max_attempts: task.order.max_attempts,
            input: task.order.input,
            phase: task.phase.as_str().to_owned(),
            attempt: task.attempt,
            failures: task.failures,
            not_before: task.not_before.map(At),
            incarnation: task.incarnation,
            lease_until: task.lease_until.map(At),
            cancel_requested_at: task.cancel_requested_at.map(At),
            error_code: error.map(|e| plain(&e.code)),
            error_message: error.map(|e| plain(&e.message)),
            output: task.output,
            prompt_tokens: task.usage.prompt,
            completion_tokens: task.usage.completion,
            model_requests: task.usage.requests,
            created_at: At(task.created_at),
            started_at: task.started_at.map(At),
            attempt_started_at: task.attempt_started_at.map(At),
            completed_at: task.completed_at.map(At),
            updated_at: At(task.updated_at),
            version: task.version,
            charged_to: task.charged_to,
            model: task.model.as_deref().map(plain),
        }
    }
}

impl TryFrom<TaskRow> for Task {
    type Error = ReadError;
    fn try_from(row: TaskRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Task;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            agent: parsed(OF, "agent_id", &row.agent_id)?,
            project: parsed(OF, "project_id", &row.project_id)?,
            order: TaskOrder {
                input: row.input,
                metadata: Metadata::restore(row.metadata),
                timeout_seconds: row.timeout_seconds,
                max_attempts: row.max_attempts,
            },
            phase: parsed(OF, "phase", &row.phase)?,
            attempt: row.attempt,
            failures: row.failures,
            not_before: row.not_before.map(Into::into),
            incarnation: row.incarnation,
            lease_until: row.lease_until.map(Into::into),
            cancel_requested_at: row.cancel_requested_at.map(Into::into),
            output: row.output,
            error: row.error_code.zip(row.error_message).map(|(code, message)| TaskError { code, message }),
            usage: Usage { prompt: row.prompt_tokens, completion: row.completion_tokens, requests: row.model_requests },
            created_at: row.created_at.0,
            started_at: row.started_at.map(Into::into),
            attempt_started_at: row.attempt_started_at.map(Into::into),
            completed_at: row.completed_at.map(Into::into),
            updated_at: row.updated_at.0,
            version: row.version,
            charged_to: row.charged_to,
            model: row.model,
        })
    }
}
