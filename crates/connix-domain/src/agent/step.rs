//! What the supervisor has to do for an agent, decided from what is wanted and what is seen.

use super::{Agent, AgentPhase, Control, ProcessPhase, RuntimeKind};
use crate::Timestamp;
use chrono::Duration;

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Launch an instance.
    Launch,
    /// Ask the process to leave, and end it by force after the grace.
    Drain,
    /// End the process by force: it has not spoken in time.
    KillUnready,
    /// Nothing has to be applied any more: `updating` is over.
    EndUpdate,
    /// The worker did not apply the configuration in time: replace it.
    ReplaceWorker,
    /// It is deleted and its process is gone: remove what is left of it.
    Purge,
    /// An external worker that was told to leave is taken for gone.
    GiveUpExternal,
}

impl Agent {
    /// How long an external worker has to leave.
    const EXTERNAL_GRACE: Duration = Duration::seconds(30);

    /// When the supervisor has to look at it next; `None` when nothing is left to do.
    pub fn due_at(&self) -> Option<Timestamp> {
        let control = &self.control;
        let process = match control.process {
            ProcessPhase::None if self.phase == AgentPhase::Deleted => Some(control.process_since),
            ProcessPhase::None if self.phase.wants_process() => Some(control.process_since),
            ProcessPhase::None | ProcessPhase::WaitingForWorker | ProcessPhase::Ready | ProcessPhase::Parked => None,
            ProcessPhase::Starting => Some(control.process_since + Control::START_TIMEOUT),
            ProcessPhase::Stopping if self.runtime == RuntimeKind::External => {
                Some(control.process_since + Self::EXTERNAL_GRACE)
            }
            ProcessPhase::Stopping => Some(control.process_since),
            ProcessPhase::Backoff => control.retry_at,
        };
        let update = if self.update_needs_no_worker() { Some(self.updated_at) } else { control.update_until };
        match (process, update.filter(|_| self.phase.is_updating())) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The next thing to do at `now`, `None` when nothing is.
    pub fn next_step(&self, now: Timestamp) -> Option<Step> {
        if self.phase.is_updating() && self.update_needs_no_worker() {
            return Some(Step::EndUpdate);
        }
        if self.phase.is_updating() && self.control.update_until.is_some_and(|until| until <= now) {
            return Some(self.late_update());
        }
        let since = self.control.process_since;
        match self.control.process {
            ProcessPhase::None if self.phase == AgentPhase::Deleted => Some(Step::Purge),
            ProcessPhase::None if self.phase.wants_process() => Some(Step::Launch),
            ProcessPhase::Starting if since + Control::START_TIMEOUT <= now => Some(Step::KillUnready),
            ProcessPhase::Stopping if self.runtime == RuntimeKind::Local => Some(Step::Drain),
            ProcessPhase::Stopping if since + Self::EXTERNAL_GRACE <= now => Some(Step::GiveUpExternal),
            ProcessPhase::Backoff if self.control.retry_at.is_none_or(|at| at <= now) => Some(Step::Launch),
            ProcessPhase::None
            | ProcessPhase::WaitingForWorker
            | ProcessPhase::Starting
            | ProcessPhase::Ready
            | ProcessPhase::Parked
            | ProcessPhase::Stopping
            | ProcessPhase::Backoff => None,
        }
    }

    /// Nobody has to apply a configuration: the worker has it already, or a local agent has none and gets none.
    fn update_needs_no_worker(&self) -> bool {
        let attached = self.control.process.is_attached();
        let applied = attached && self.control.applied_revision >= self.control.config_revision;
        let resting = matches!(self.phase, AgentPhase::UpdatingPaused | AgentPhase::UpdatingStopped);
        applied || (self.runtime == RuntimeKind::Local && resting && !attached)
    }

    fn late_update(&self) -> Step {
        let replaceable = self.runtime == RuntimeKind::Local && self.control.process.is_attached();
        if replaceable { Step::ReplaceWorker } else { Step::EndUpdate }
    }
}
