//! The public life of an agent as one total table (contract section 6).

use crate::lifecycle::Lifecycle;
use crate::phases;

phases! {
    /// Where an agent is in its life. `updating` is three phases, by what follows it.
    pub enum AgentPhase {
        /// Its worker has not been ready yet.
        Creating = "creating",
        /// Active and available.
        Running = "running",
        /// Takes tasks but does not work on them.
        Paused = "paused",
        /// At rest until it is started.
        Stopped = "stopped",
        /// The service gave up on it; a reason says why.
        Error = "error",
        /// A new configuration is being applied; then it runs.
        UpdatingRunning = "updating_running",
        /// A new configuration is being applied; then it is paused.
        UpdatingPaused = "updating_paused",
        /// A new configuration is being applied; then it is stopped.
        UpdatingStopped = "updating_stopped",
        /// Gone for everybody; kept unseen until its process is gone too.
        Deleted = "deleted",
    }
}

phases! {
    /// What leads from one phase to another: six commands, then what the service itself finds.
    pub enum AgentAction {
        /// Start a paused or stopped agent.
        Start = "start",
        /// Pause it.
        Pause = "pause",
        /// Stop it.
        Stop = "stop",
        /// Stop and start it.
        Restart = "restart",
        /// Change its configuration.
        Update = "update",
        /// Remove it.
        Delete = "delete",
        /// Its worker is ready and has the newest configuration; or none is needed.
        Settle = "settle",
        /// The service gives up on it.
        GiveUp = "give up",
    }
}

impl AgentPhase {
    /// The whole life of an agent. A command whose phase does not change is repeated, not refused: it does nothing.
    pub const fn next(self, action: AgentAction) -> Option<Self> {
        use AgentAction as A;
        match self {
            Self::Creating => match action {
                A::Start => Some(Self::Creating),
                A::Pause | A::Restart => None,
                A::Stop => Some(Self::Stopped),
                A::Update => Some(Self::UpdatingRunning),
                A::Delete => Some(Self::Deleted),
                A::Settle => Some(Self::Running),
                A::GiveUp => Some(Self::Error),
            },
            Self::Running => match action {
                A::Start | A::Restart | A::Settle => Some(Self::Running),
                A::Pause => Some(Self::Paused),
                A::Stop => Some(Self::Stopped),
                A::Update => Some(Self::UpdatingRunning),
                A::Delete => Some(Self::Deleted),
                A::GiveUp => Some(Self::Error),
            },
            Self::Paused => match action {
                A::Start | A::Restart => Some(Self::Running),
                A::Pause | A::Settle => Some(Self::Paused),
                A::Stop => Some(Self::Stopped),
                A::Update => Some(Self::UpdatingPaused),
                A::Delete => Some(Self::Deleted),
                A::GiveUp => None,
            },
            Self::Stopped => match action {
                A::Start | A::Restart => Some(Self::Running),
                A::Pause | A::GiveUp => None,
                A::Stop | A::Settle => Some(Self::Stopped),
                A::Update => Some(Self::UpdatingStopped),
                A::Delete => Some(Self::Deleted),
            },
            Self::Error => match action {
                A::Start | A::Restart => Some(Self::Running),
                A::Pause | A::Settle | A::GiveUp => None,
                A::Stop => Some(Self::Stopped),
                A::Update => Some(Self::UpdatingRunning),
                A::Delete => Some(Self::Deleted),
            },
            Self::UpdatingRunning => match action {
                A::Start | A::Update => Some(Self::UpdatingRunning),
                A::Pause => Some(Self::Paused),
                A::Stop => Some(Self::Stopped),
                A::Restart | A::Settle => Some(Self::Running),
                A::Delete => Some(Self::Deleted),
                A::GiveUp => Some(Self::Error),
            },
            Self::UpdatingPaused => match action {
                A::Start => Some(Self::UpdatingRunning),
                A::Pause | A::Settle => Some(Self::Paused),
                A::Stop => Some(Self::Stopped),
                A::Restart => Some(Self::Running),
                A::Update => Some(Self::UpdatingPaused),
                A::Delete => Some(Self::Deleted),
                A::GiveUp => None,
            },
            Self::UpdatingStopped => match action {
                A::Start => Some(Self::UpdatingRunning),
                A::Pause | A::GiveUp => None,
                A::Stop | A::Settle => Some(Self::Stopped),
                A::Restart => Some(Self::Running),
                A::Update => Some(Self::UpdatingStopped),
                A::Delete => Some(Self::Deleted),
            },
            Self::Deleted => match action {
                A::Start | A::Pause | A::Stop | A::Restart | A::Update | A::Delete | A::Settle | A::GiveUp => None,
            },
        }
    }

    /// The word that the API shows (AGNT): `updating` stands for three phases.
    pub const fn status(self) -> &'static str {
        match self {
            Self::UpdatingRunning | Self::UpdatingPaused | Self::UpdatingStopped => "updating",
            Self::Creating | Self::Running | Self::Paused | Self::Stopped | Self::Error | Self::Deleted => {
                self.as_str()
            }
        }
    }
    /// Neither stopped, nor in error, nor gone.
    pub const fn is_alive(self) -> bool {
        !matches!(self, Self::Stopped | Self::Error | Self::Deleted)
    }
    /// Whether a configuration is being applied.
    pub const fn is_updating(self) -> bool {
        matches!(self, Self::UpdatingRunning | Self::UpdatingPaused | Self::UpdatingStopped)
    }
    /// Whether a process is to be launched when there is none.
    pub const fn wants_process(self) -> bool {
        matches!(self, Self::Creating | Self::Running | Self::UpdatingRunning)
    }
    /// Whether a process that is there may stay.
    pub const fn keeps_process(self) -> bool {
        self.wants_process() || matches!(self, Self::Paused | Self::UpdatingPaused)
    }
}

impl Lifecycle for AgentPhase {
    type Action = AgentAction;
    const FIRST: Self = Self::Creating;
    const COMMANDS: &'static [AgentAction] = &[
        AgentAction::Start,
        AgentAction::Pause,
        AgentAction::Stop,
        AgentAction::Restart,
        AgentAction::Update,
        AgentAction::Delete,
    ];
    fn after(self, action: AgentAction) -> Option<Self> {
        self.next(action)
    }
    fn told(self) -> &'static str {
        match self {
            Self::UpdatingRunning => "updating, then running",
            Self::UpdatingPaused => "updating, then paused",
            Self::UpdatingStopped => "updating, then stopped",
            Self::Creating | Self::Running | Self::Paused | Self::Stopped | Self::Error | Self::Deleted => {
                self.as_str()
            }
        }
    }
}
