//! What a worker reports of its attempt at a task: steps, lines, and how it ended.

use super::Worker;
use crate::app::App;
use crate::error::Error;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, Happening};
use connix_domain::id::{SessionId, TaskId};
use connix_domain::journal::{EntryKind, JournalEntry};
use connix_domain::lifecycle::TransitionError;
use connix_domain::log::{LineKey, LogLevel, LogLine};
use connix_domain::task::{Task, TaskError, TaskPhase, Usage};
use serde_json::Value;

/// A worker's clock may differ from ours by so much.
const MOST_ASTRAY: Duration = Duration::minutes(5);

/// A step that a worker notes in a task's journal.
#[derive(Debug, Clone)]
pub struct WorkerNote {
    /// What it notes.
    pub kind: EntryKind,
    /// The details.
    pub data: Value,
    /// When, by the worker's clock.
    pub at: Timestamp,
}

/// A line of a worker's log.
#[derive(Debug, Clone)]
pub struct WorkerLine {
    /// When, by the worker's clock.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// What it says.
    pub message: String,
    /// Details, a JSON object.
    pub context: Value,
}

/// Why a worker's attempt failed.
#[derive(Debug, Clone)]
pub struct WorkerFailure {
    /// The reason.
    pub error: TaskError,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// How long the model's endpoint asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl App {
    /// Appends to a task's journal; gives the last number that is kept. Notes that are sent again are kept once.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::LeaseLost`].
    pub async fn append_journal(
        &self,
        worker: Worker,
        session: SessionId,
        (task, attempt): (TaskId, i64),
        first: i64,
        notes: Vec<WorkerNote>,
    ) -> Result<i64, Error> {
        let agent = self.attached(worker, session).await?;
        let task = self.own_task(worker, task).await?;
        task.held_by(agent.control.incarnation, attempt).map_err(|_| Error::LeaseLost)?;
        let redactor = self.redactor(&agent)?;
        let last = first + notes.len() as i64 - 1;
        let numbered = notes.into_iter().zip(first..);
        let entries = numbered.map(|(note, sequence)| JournalEntry {
            org: task.org,
            task: task.id,
            sequence,
            attempt,
            kind: note.kind,
            data: redactor.document(note.data),
            at: self.credible(note.at),
        });
        let changes = ChangeSet::new().with(Change::AppendJournal(entries.collect())).with(Change::TouchAgent {
            org: agent.org,
            id: agent.id,
            at: self.now(),
        });
        self.ports.store.commit(changes).await?;
        self.wakeups.readers(worker.agent);
        Ok(last)
    }

    /// Appends to the agent's log; gives the last number that is kept. Lines that are sent again are kept once.
    ///
    /// # Errors
    /// [`Error::Fenced`]
    pub async fn append_logs(
        &self,
        worker: Worker,
        session: SessionId,
        first: i64,
        lines: Vec<WorkerLine>,
    ) -> Result<i64, Error> {
        let agent = self.attached(worker, session).await?;
        let redactor = self.redactor(&agent)?;
        let last = first + lines.len() as i64 - 1;
        let incarnation = agent.control.incarnation;
        let lines: Vec<_> = lines
            .into_iter()
            .zip(first..)
            .map(|(line, sequence)| LogLine {
                org: agent.org,
                agent: agent.id,
                key: LineKey::Worker { incarnation, sequence },
                at: self.credible(line.at),
                level: line.level,
                message: redactor.text(&line.message).into_owned(),
                context: redactor.document(line.context),
            })
            .collect();
        let changes = ChangeSet::new().with(Change::AppendLogs(lines)).with(Change::TouchAgent {
            org: agent.org,
            id: agent.id,
            at: self.now(),
        });
        self.ports.store.commit(changes).await?;
        self.wakeups.readers(worker.agent);
        Ok(last)
    }

    /// A time by a worker's clock. One that is further from ours than a clock may go wrong is brought near: a line must
    /// neither be the newest for ever, nor be old when it comes.
    fn credible(&self, at: Timestamp) -> Timestamp {
        let now = self.now();
        at.clamp(now - MOST_ASTRAY, now + MOST_ASTRAY)
    }

    /// The attempt succeeded.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::LeaseLost`].
    pub async fn complete_task(
        &self,
        worker: Worker,
        session: SessionId,
        (task, attempt): (TaskId, i64),
        output: Value,
        usage: Usage,
    ) -> Result<(), Error> {
        let redactor = self.redactor(&self.attached(worker, session).await?)?;
        let output = redactor.document(output);
        let ended = |task: &Task, now| task.complete(output.clone(), usage, now);
        self.end_attempt(worker, session, (task, attempt), usage, ended).await
    }

    /// The attempt failed.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::LeaseLost`].
    pub async fn fail_task(
        &self,
        worker: Worker,
        session: SessionId,
        (task, attempt): (TaskId, i64),
        failure: WorkerFailure,
        usage: Usage,
    ) -> Result<(), Error> {
        let redactor = self.redactor(&self.attached(worker, session).await?)?;
        let message = redactor.text(&failure.error.message).into_owned();
        let error = TaskError { message, ..failure.error };
        let ended = |task: &Task, now| {
            let failed = task.fail(error.clone(), failure.retryable, usage, now)?;
            Ok(failure.retry_after.map_or(failed.clone(), |wait| failed.waiting_until(now + wait)))
        };
        self.end_attempt(worker, session, (task, attempt), usage, ended).await
    }

    /// The worker has let go of a task that was called off.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::LeaseLost`].
    pub async fn task_cancelled(
        &self,
        worker: Worker,
        session: SessionId,
        (task, attempt): (TaskId, i64),
        usage: Usage,
    ) -> Result<(), Error> {
        self.end_attempt(worker, session, (task, attempt), usage, |task, now| task.cancel(usage, now)).await
    }

    /// The worker gives a task back without having failed it.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::LeaseLost`].
    pub async fn release_task(
        &self,
        worker: Worker,
        session: SessionId,
        (task, attempt): (TaskId, i64),
        usage: Usage,
    ) -> Result<(), Error> {
        self.end_attempt(worker, session, (task, attempt), usage, |task, now| task.release(usage, now)).await
    }

    /// Writes the end of an attempt, with its log line and event. The same report again changes nothing.
    async fn end_attempt(
        &self,
        worker: Worker,
        session: SessionId,
        (task, attempt): (TaskId, i64),
        usage: Usage,
        end: impl Fn(&Task, Timestamp) -> Result<Task, TransitionError>,
    ) -> Result<(), Error> {
        let end = &end;
        self.retrying(|| async move {
            let agent = self.attached(worker, session).await?;
            let task = self.own_task(worker, task).await?;
            if task.attempt == attempt && task.phase.is_final() {
                return Ok(());
            }
            task.held_by(agent.control.incarnation, attempt).map_err(|_| Error::LeaseLost)?;
            let next = end(&task, self.now())?;
            self.ports.store.commit(self.attempt_changes(&agent, next.clone())).await?;
            self.attempt_over(&task, &next).await;
            let model = next.model.as_deref().unwrap_or(&agent.config.model);
            self.ports.metrics.tokens(model, usage.prompt.unsigned_abs(), usage.completion.unsigned_abs());
            self.wakeups.agent(worker.agent);
            Ok(())
        })
        .await
    }

    /// A task whose attempt is over, with its log line and event.
    pub(crate) fn attempt_changes(&self, agent: &Agent, task: Task) -> ChangeSet {
        let happened = match task.phase {
            TaskPhase::Completed => Some(Happening::task_completed(agent, &task)),
            TaskPhase::Failed => Some(Happening::task_failed(agent, &task)),
            TaskPhase::Queued | TaskPhase::Running | TaskPhase::Cancelled => None,
        };
        let line = self.note_attempt(agent, &task);
        ChangeSet::new()
            .with(Change::UpdateTask(task))
            .with(line)
            .with(Change::TouchAgent { org: agent.org, id: agent.id, at: self.now() })
            .with_all(happened.map(|h| self.raise(agent.org, agent.project, Actor::System, h)))
    }
}
