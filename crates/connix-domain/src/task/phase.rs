//! The life of a task as one total table.

use crate::lifecycle::Lifecycle;
use crate::phases;

phases! {
    /// The life of a task.
    pub enum TaskPhase {
        /// Waits for its agent.
        Queued = "queued",
        /// An attempt is under way.
        Running = "running",
        /// Done; it has an output.
        Completed = "completed",
        /// Given up; it has an error.
        Failed = "failed",
        /// Called off.
        Cancelled = "cancelled",
    }
}

phases! {
    /// What happens to a task.
    pub enum TaskAction {
        /// A worker takes it.
        Claim = "claim",
        /// The attempt succeeded.
        Complete = "complete",
        /// The attempt failed and there will be another.
        Retry = "retry",
        /// The attempt was given back without having failed.
        Release = "release",
        /// The task failed for good.
        Fail = "fail",
        /// It is called off.
        Cancel = "cancel",
    }
}

impl TaskPhase {
    /// The whole life of a task (`runtime.md` 2.2).
    pub const fn next(self, action: TaskAction) -> Option<Self> {
        use TaskAction as A;
        match self {
            Self::Queued => match action {
                A::Claim => Some(Self::Running),
                A::Cancel => Some(Self::Cancelled),
                A::Complete | A::Retry | A::Release | A::Fail => None,
            },
            Self::Running => match action {
                A::Complete => Some(Self::Completed),
                A::Retry | A::Release => Some(Self::Queued),
                A::Fail => Some(Self::Failed),
                A::Cancel => Some(Self::Cancelled),
                A::Claim => None,
            },
            Self::Completed | Self::Failed | Self::Cancelled => match action {
                A::Claim | A::Complete | A::Retry | A::Release | A::Fail | A::Cancel => None,
            },
        }
    }
    /// Whether nothing can happen to it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Lifecycle for TaskPhase {
    type Action = TaskAction;
    const FIRST: Self = Self::Queued;
    const COMMANDS: &'static [TaskAction] = &[TaskAction::Cancel];
    fn after(self, action: TaskAction) -> Option<Self> {
        self.next(action)
    }
}
