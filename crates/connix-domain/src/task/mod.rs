//! A task: one unit of work for an agent, its life, its attempts and what they cost.

mod order;
mod phase;
mod usage;

pub use order::TaskOrder;
pub use phase::{TaskAction, TaskPhase};
pub use usage::Usage;

use crate::Timestamp;
use crate::id::{AgentId, OrgId, ProjectId, TaskId};
use crate::lifecycle::{Lifecycle, TransitionError};
use chrono::Duration;
use serde_json::Value;

/// At most this many tasks of one agent are open at a time; then its queue is full.
pub const MOST_OPEN: i64 = 1000;

/// Why a task failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    /// A stable code, such as `llm_not_configured`.
    pub code: String,
    /// What to do about it.
    pub message: String,
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The tenant.
    pub org: OrgId,
    /// Its identifier.
    pub id: TaskId,
    /// The agent that does it.
    pub agent: AgentId,
    /// The agent's project.
    pub project: ProjectId,
    /// What was asked for.
    pub order: TaskOrder,
    /// Where it is in its life.
    pub phase: TaskPhase,
    /// How often it was claimed: the fencing number of the attempt under way.
    pub attempt: i64,
    /// How many attempts failed.
    pub failures: i64,
    /// Not to be claimed before.
    pub not_before: Option<Timestamp>,
    /// The incarnation that holds it.
    pub incarnation: Option<i64>,
    /// The model that the last attempt was given: what that attempt used is charged to it, whatever the agent is told since.
    pub model: Option<String>,
    /// Until when the holder may be silent.
    pub lease_until: Option<Timestamp>,
    /// Since when it is to be called off.
    pub cancel_requested_at: Option<Timestamp>,
    /// What came of it.
    pub output: Option<Value>,
    /// Why it failed; while it is queued again, why its last attempt did.
    pub error: Option<TaskError>,
    /// What all attempts cost.
    pub usage: Usage,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When the attempt began that is under way, or that ended it.
    pub attempt_started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Rises by one with each change.
    pub version: i64,
    /// Whose token budget its usage is charged to: the subject of the credential that gave it ([`Limits`](crate::port::limits::Limits)).
    pub charged_to: Option<String>,
}

/// An attempt that no longer holds the task: another one does, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the attempt does not hold this task")]
pub struct LeaseLost;

impl Task {
    /// A new task, waiting.
    pub fn new(org: OrgId, id: TaskId, agent: AgentId, project: ProjectId, order: TaskOrder, now: Timestamp) -> Self {
        Self {
            org,
            id,
            agent,
            project,
            order,
            phase: TaskPhase::Queued,
            attempt: 0,
            failures: 0,
            not_before: None,
            incarnation: None,
            model: None,
            lease_until: None,
            cancel_requested_at: None,
            output: None,
            error: None,
            usage: Usage::default(),
            created_at: now,
            started_at: None,
            attempt_started_at: None,
            completed_at: None,
            updated_at: now,
            version: 1,
            charged_to: None,
        }
    }

    /// A worker takes it under a lease, to do it with `model`.
    ///
    /// # Errors
    /// Only a queued task can be claimed.
    pub fn claim(
        &self,
        incarnation: i64,
        model: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        let mut next = self.moved(TaskAction::Claim, now)?;
        next.attempt += 1;
        next.incarnation = Some(incarnation);
        next.model = Some(model.to_owned());
        next.lease_until = Some(now + lease);
        next.not_before = None;
        next.error = None;
        next.started_at = self.started_at.or(Some(next.updated_at));
        next.attempt_started_at = Some(next.updated_at);
        Ok(next)
    }

    /// Whether `attempt` of `incarnation` holds it now.
    ///
    /// # Errors
    /// [`LeaseLost`] when it does not.
    pub fn held_by(&self, incarnation: i64, attempt: i64) -> Result<(), LeaseLost> {
        let held = self.phase == TaskPhase::Running && self.incarnation == Some(incarnation) && self.attempt == attempt;
        if held { Ok(()) } else { Err(LeaseLost) }
    }

    /// The attempt succeeded.
    ///
    /// # Errors
    /// Only a running task completes.
    pub fn complete(&self, output: Value, usage: Usage, now: Timestamp) -> Result<Self, TransitionError> {
        let mut next = self.ended(TaskAction::Complete, usage, now)?;
        next.output = Some(output);
        Ok(next)
    }

    /// The attempt failed: queued again with a delay when `retryable` and attempts are left, else failed for good.
    ///
    /// # Errors
    /// Only a running task fails.
    pub fn fail(
        &self,
        error: TaskError,
        retryable: bool,
        usage: Usage,
        now: Timestamp,
    ) -> Result<Self, TransitionError> {
        let failures = self.failures + 1;
        if self.cancel_requested_at.is_some() {
            return self.cancel(usage, now);
        }
        if !retryable || failures >= self.order.max_attempts {
            let mut next = self.ended(TaskAction::Fail, usage, now)?;
            next.failures = failures;
            next.error = Some(error);
            return Ok(next);
        }
        let mut next = self.given_back(TaskAction::Retry, usage, now)?;
        next.failures = failures;
        next.error = Some(error);
        let delay = Duration::seconds(1 << failures.clamp(0, 6));
        next.not_before = Some(now + delay);
        Ok(next)
    }

    /// This task, not to be claimed before `at` when it waits for another attempt: the model's endpoint asked for that long.
    #[must_use]
    pub fn waiting_until(mut self, at: Timestamp) -> Self {
        if self.phase == TaskPhase::Queued {
            self.not_before = self.not_before.max(Some(at));
        }
        self
    }

    /// The worker that held it was lost; `usage` is what it had noted by then. A task that takes its worker with it is given up after `max_attempts`; the
    /// others are queued again at once.
    ///
    /// # Errors
    /// Only a running task is held.
    pub fn worker_lost(&self, usage: Usage, now: Timestamp) -> Result<Self, TransitionError> {
        let error = TaskError {
            code: "worker_lost".to_owned(),
            message: format!(
                "The worker was lost while it did this task: failed attempt {} of at most {}",
                self.failures + 1,
                self.order.max_attempts
            ),
        };
        let mut next = self.fail(error, true, usage, now)?;
        if next.phase == TaskPhase::Queued {
            next.not_before = None;
            next.error = None;
        }
        Ok(next)
    }

    /// The attempt was given back without having failed: drained, paused, or the server itself restarted.
    ///
    /// # Errors
    /// Only a running task is held.
    pub fn release(&self, usage: Usage, now: Timestamp) -> Result<Self, TransitionError> {
        if self.cancel_requested_at.is_some() {
            return self.cancel(usage, now);
        }
        self.given_back(TaskAction::Release, usage, now)
    }

    /// Somebody calls it off: a queued task at once, a running one as soon as its worker lets go.
    /// `None` when it is called off already.
    ///
    /// # Errors
    /// A completed or failed task cannot be called off.
    pub fn request_cancel(&self, now: Timestamp) -> Result<Option<Self>, TransitionError> {
        match self.phase {
            TaskPhase::Cancelled => Ok(None),
            TaskPhase::Running if self.cancel_requested_at.is_some() => Ok(None),
            TaskPhase::Running => Ok(Some(self.clone().touched(now).cancelling(now))),
            TaskPhase::Queued | TaskPhase::Completed | TaskPhase::Failed => {
                self.cancel(Usage::default(), now).map(Some)
            }
        }
    }

    /// It is over because it was called off.
    ///
    /// # Errors
    /// A task that has ended cannot be called off.
    pub fn cancel(&self, usage: Usage, now: Timestamp) -> Result<Self, TransitionError> {
        self.ended(TaskAction::Cancel, usage, now)
    }

    /// When its attempt must be over: its time limit. `None` while there is no attempt.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.attempt_started_at.map(|start| start + Duration::seconds(self.order.timeout_seconds))
    }
    /// How long the attempt that ended it took, in seconds. `None` when it ended without one.
    pub fn duration_seconds(&self) -> Option<f64> {
        let took = self.completed_at? - self.attempt_started_at?;
        Some(took.num_milliseconds() as f64 / 1000.0)
    }

    /// The same in microseconds.
    pub fn response_micros(&self) -> Option<u64> {
        let took = self.completed_at? - self.attempt_started_at?;
        Some(took.num_microseconds().unwrap_or(i64::MAX).max(0) as u64)
    }

    fn cancelling(mut self, now: Timestamp) -> Self {
        self.cancel_requested_at = Some(now);
        self
    }
    fn ended(&self, action: TaskAction, usage: Usage, now: Timestamp) -> Result<Self, TransitionError> {
        let mut next = self.moved(action, now)?;
        next.usage = self.usage.plus(usage);
        next.lease_until = None;
        next.not_before = None;
        next.error = None;
        next.completed_at = Some(next.updated_at);
        Ok(next)
    }
    fn given_back(&self, action: TaskAction, usage: Usage, now: Timestamp) -> Result<Self, TransitionError> {
        let mut next = self.moved(action, now)?;
        next.usage = self.usage.plus(usage);
        next.lease_until = None;
        next.incarnation = None;
        next.attempt_started_at = None;
        Ok(next)
    }
    fn moved(&self, action: TaskAction, now: Timestamp) -> Result<Self, TransitionError> {
        let phase = self.phase.apply(action)?;
        Ok(Self { phase, ..self.clone() }.touched(now))
    }
    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now.max(self.updated_at);
        self.version += 1;
        self
    }
}
