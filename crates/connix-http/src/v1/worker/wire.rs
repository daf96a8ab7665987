//! Between the protocol's wire types and the application's.

use crate::problem::{Fault, Problem, Situation};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use connix_application::{Claimed, Reported, Wanted, WorkerFailure, WorkerLine, WorkerNote};
use connix_domain::agent::{Agent, EnvironmentVariables};
use connix_domain::id::{SessionId, TaskId};
use connix_domain::journal::EntryKind;
use connix_domain::log::LogLevel;
use connix_domain::task::{TaskError, Usage};
use connix_domain::telemetry::{Consumption, MeterSource, ProcessorTime, Reading, Share, Traffic};
use connix_worker_protocol as protocol;
use protocol::secret::Secret;
use protocol::session::{Desired, HeldTask, ResourceUsage, WorkerConfig};
use protocol::task::{ClaimedTask, EventKind, JournalEntry, NewEvent};
use serde_json::Value;
use std::time::Duration;

/// At most this many entries in one report (`runtime.md` 2.5).
pub(super) const MOST_EVENTS: usize = 500;
/// At most this many lines in one report.
pub(super) const MOST_LINES: usize = 1000;
/// At most this many tasks that a worker holds.
const MOST_HELD: usize = 64;
/// The highest number of an entry or line: what every JSON reader can hold.
const HIGHEST: i64 = 1 << 53;

/// The session in a path or body; what is none was never given out, so whoever shows it is not wanted.
pub(super) fn session(text: &str) -> Result<SessionId, Problem> {
    text.parse().map_err(|_| Situation::InstanceFenced.into())
}

/// The task in a path; what is none is held by nobody.
pub(super) fn task(text: &str) -> Result<TaskId, Problem> {
    text.parse().map_err(|_| Situation::LeaseLost.into())
}

/// Checks how a report numbers what it holds.
pub(super) fn check_numbering(field: &str, first: i64, count: usize, most: usize) -> Result<(), Problem> {
    let mut faults = Vec::new();
    if !(1..=HIGHEST).contains(&first) {
        faults.push(Fault::new("first_seq", "must be a positive integer"));
    }
    if !(1..=most).contains(&count) {
        faults.push(Fault::new(field, format!("must hold 1 to {most} entries")));
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

pub(super) fn config(agent: &Agent, environment: &EnvironmentVariables) -> WorkerConfig {
    WorkerConfig {
        model: agent.config.model.clone(),
        temperature: agent.config.temperature,
        max_tokens: agent.config.max_tokens,
        tools: agent.config.tools.clone(),
        system_prompt: agent.config.system_prompt.clone(),
        secrets: environment.secrets().map(Secret::new).collect(),
        environment_variables: environment.iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect(),
    }
}

pub(super) fn reported(tasks: &[HeldTask]) -> Result<Vec<Reported>, Problem> {
    if tasks.len() > MOST_HELD {
        return Err(Problem::invalid(vec![Fault::new("tasks", format!("must hold at most {MOST_HELD} entries"))]));
    }
    tasks
        .iter()
        .map(|held| Ok(Reported { task: task(&held.id)?, attempt: held.attempt, progress: held.progress_seq }))
        .collect()
}

pub(super) const fn desired(wanted: Wanted) -> Desired {
    match wanted {
        Wanted::Run => Desired::Run,
        Wanted::Pause => Desired::Pause,
        Wanted::Drain => Desired::Drain,
        Wanted::Exit => Desired::Exit,
    }
}

pub(super) fn claimed(claimed: Claimed, lease: Duration) -> ClaimedTask {
    let task = claimed.task;
    ClaimedTask {
        id: task.id.to_string(),
        attempt: task.attempt,
        input: task.order.input,
        config_revision: claimed.config_revision,
        deadline_ms: u64::try_from(claimed.time_left.as_millis()).unwrap_or(u64::MAX),
        lease_ms: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        journal: claimed.journal.into_iter().map(entry).collect(),
    }
}

fn entry(entry: connix_domain::journal::JournalEntry) -> JournalEntry {
    let kind = match entry.kind {
        EntryKind::LlmRequest => EventKind::LlmRequest,
        EntryKind::LlmResponse => EventKind::LlmResponse,
        EntryKind::ToolStarted => EventKind::ToolStarted,
        EntryKind::ToolFinished => EventKind::ToolFinished,
        EntryKind::Message => EventKind::Message,
        EntryKind::Usage => EventKind::Usage,
    };
    JournalEntry { seq: entry.sequence, attempt: entry.attempt, kind, data: entry.data, at: entry.at }
}

pub(super) fn note(event: NewEvent) -> WorkerNote {
    let kind = match event.kind {
        EventKind::LlmRequest => EntryKind::LlmRequest,
        EventKind::LlmResponse => EntryKind::LlmResponse,
        EventKind::ToolStarted => EntryKind::ToolStarted,
        EventKind::ToolFinished => EntryKind::ToolFinished,
        EventKind::Message => EntryKind::Message,
        EventKind::Usage => EntryKind::Usage,
    };
    WorkerNote { kind, data: event.data, at: kept(event.at) }
}

pub(super) fn line(line: protocol::log::LogLine) -> WorkerLine {
    let level = match line.level {
        protocol::log::LogLevel::Debug => LogLevel::Debug,
        protocol::log::LogLevel::Info => LogLevel::Info,
        protocol::log::LogLevel::Warn => LogLevel::Warn,
        protocol::log::LogLevel::Error => LogLevel::Error,
    };
    let mut context = line.context;
    if let Some(task) = line.task_id {
        context.insert("task_id".to_owned(), task.into());
    }
    WorkerLine { at: kept(line.timestamp), level, message: line.message, context: Value::Object(context) }
}

pub(super) fn failure(failed: protocol::task::TaskError) -> WorkerFailure {
    let longest = TimeDelta::days(1);
    let asked = failed.retry_after_ms.map(|ms| i64::try_from(ms).map_or(longest, TimeDelta::milliseconds));
    WorkerFailure {
        error: TaskError { code: failed.code, message: failed.message },
        retryable: failed.retryable,
        retry_after: asked.map(|wait| wait.min(longest)),
    }
}

pub(super) fn usage(usage: protocol::task::Usage) -> Usage {
    Usage {
        prompt: usage.prompt_tokens.max(0),
        completion: usage.completion_tokens.max(0),
        requests: usage.llm_requests.max(0),
    }
}

/// What a worker says of itself. Its numbers may be anything; what is made of them is bounded where it is used.
pub(super) fn consumption(usage: ResourceUsage) -> Consumption {
    let bytes = |count: u64| i64::try_from(count).unwrap_or(HIGHEST).min(HIGHEST);
    let own = MeterSource::Worker;
    Consumption {
        processor: usage.processor.map(|used| {
            let value = ProcessorTime { seconds: used.seconds, processors: used.processors };
            Reading { value, source: own }
        }),
        memory: usage.memory.map(|memory| {
            let value = Share { used: memory.used as f64, of: memory.limit as f64 };
            Reading { value, source: own }
        }),
        disk: None,
        network: usage.network.map(|moved| {
            let value = Traffic { received: bytes(moved.received), sent: bytes(moved.sent) };
            Reading { value, source: MeterSource::WorkerClients }
        }),
    }
}

/// To the microsecond that stores keep.
fn kept(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}
