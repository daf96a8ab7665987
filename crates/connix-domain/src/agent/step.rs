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
        [self.update_step(), self.process_step()].into_iter().flatten().map(|(due, _)| due).min()
    }

    /// By when what is under way has to be over: a worker's start, an update. Then the service ends it. `None` while nothing is
    /// under way that has a limit.
    pub fn deadline(&self) -> Option<Timestamp> {
        let starting = self.control.process == ProcessPhase::Starting;
        let start = starting.then(|| self.control.process_since + Control::START_TIMEOUT);
        [start, self.control.update_until].into_iter().flatten().min()
    }

    /// The next thing to do at `now`, `None` when nothing is due. What ends `updating` comes first, so that a process that
    /// does not go away holds no update up.
    pub fn next_step(&self, now: Timestamp) -> Option<Step> {
        let mut steps = [self.update_step(), self.process_step()].into_iter().flatten();
        steps.find(|(due, _)| *due <= now).map(|(_, step)| step)
    }

    /// What ends `updating`, and when it is due.
    fn update_step(&self) -> Option<(Timestamp, Step)> {
        if !self.phase.is_updating() {
            None
        } else if self.update_needs_no_worker() {
            Some((self.updated_at, Step::EndUpdate))
        } else {
            self.control.update_until.map(|until| (until, self.late_update()))
        }
    }

    /// What is to be done about the process, and when it is due.
    fn process_step(&self) -> Option<(Timestamp, Step)> {
        let since = self.control.process_since;
        match self.control.process {
            ProcessPhase::None if self.phase == AgentPhase::Deleted => Some((since, Step::Purge)),
            ProcessPhase::None if self.phase.wants_process() => Some((since, Step::Launch)),
            ProcessPhase::Starting => Some((since + Control::START_TIMEOUT, Step::KillUnready)),
            ProcessPhase::Stopping if self.runtime == RuntimeKind::External => {
                Some((since + Self::EXTERNAL_GRACE, Step::GiveUpExternal))
            }
            ProcessPhase::Stopping => Some((since, Step::Drain)),
            ProcessPhase::Backoff => Some((self.control.retry_at.unwrap_or(since), Step::Launch)),
            ProcessPhase::None | ProcessPhase::WaitingForWorker | ProcessPhase::Ready | ProcessPhase::Parked => None,
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
