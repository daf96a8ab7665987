//! What stands behind an agent's phase: which process there is, and what is still owed.

use crate::Timestamp;
use crate::api_key::Digest;
use crate::id::SessionId;
use crate::phases;
use chrono::Duration;

phases! {
    /// What the process of an agent really does.
    pub enum ProcessPhase {
        /// There is none.
        None = "none",
        /// There is none of ours: the customer's worker has not spoken.
        WaitingForWorker = "waiting_for_worker",
        /// Launched; it has not spoken yet.
        Starting = "starting",
        /// It works.
        Ready = "ready",
        /// It holds still.
        Parked = "parked",
        /// It was told to leave.
        Stopping = "stopping",
        /// It crashed and will be launched again.
        Backoff = "backoff",
    }
}

impl ProcessPhase {
    /// Whether a process may exist.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Starting | Self::Ready | Self::Parked | Self::Stopping)
    }
    /// Whether a worker has spoken and was not told to leave.
    pub const fn is_attached(self) -> bool {
        matches!(self, Self::Ready | Self::Parked)
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Why, in a word: `exited`, `killed`, `start_timeout`, `heartbeat_lost`, `server_restarted`, `left`.
    pub reason: String,
    /// The end of what it printed, for whoever looks for the cause.
    pub detail: String,
    /// When it was seen.
    pub at: Timestamp,
}

impl Exit {
    /// Whether launching again would end the same way (`runtime.md` 1.4).
    pub fn is_fatal(&self) -> bool {
        matches!(self.code, Some(64 | 77 | 78))
    }

    /// What a fatal end means, for whoever has to mend it.
    pub fn meaning(&self) -> &'static str {
        match self.code {
            Some(77) => "The worker's credentials were refused: the model endpoint's (llm.api_key) or its own token",
            Some(78) => "The worker does not support this server's protocol or the agent's configuration",
            Some(_) | None => "The worker was started wrongly",
        }
    }
}

/// Why the service gave up on an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentFault {
    /// A stable code, such as `crash_loop`.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// What stands behind an agent's phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Rises by one with each accepted command.
    pub generation: i64,
    /// Rises by one with each change of configuration.
    pub config_revision: i64,
    /// The revision that the worker says it uses.
    pub applied_revision: i64,
    /// Rises by one per attempt to have a live instance: what fences a stale one.
    pub incarnation: i64,
    /// What the process really does.
    pub process: ProcessPhase,
    /// Since when.
    pub process_since: Timestamp,
    /// Recent crashes, oldest first.
    pub failures: Vec<Timestamp>,
    /// When it will be launched again.
    pub retry_at: Option<Timestamp>,
    /// How often it was launched again after a crash.
    pub restarts: i64,
    /// Whether the next readiness is an `agent.launched`.
    pub announce: bool,
    /// How many `agent.stopped` are owed for when the process is gone.
    pub stops_owed: i64,
    /// By when `updating` has to be over.
    pub update_until: Option<Timestamp>,
    /// How the last process ended.
    pub last_exit: Option<Exit>,
    /// Why the service gave up.
    pub fault: Option<AgentFault>,
    /// The registration of the worker that is attached.
    pub session: Option<SessionId>,
    /// What that worker told itself apart by.
    pub nonce: Option<String>,
    /// What is kept of the worker's token.
    pub token: Option<Digest>,
}

impl Control {
    /// A launched worker has to speak within this time.
    pub const START_TIMEOUT: Duration = Duration::seconds(60);
    /// A new configuration has to be applied within this time.
    pub const UPDATE_TIMEOUT: Duration = Duration::seconds(30);
    /// Five crashes within this time are too many.
    pub const FAILURE_WINDOW: Duration = Duration::seconds(600);
    /// So many crashes within the window are too many.
    pub const FAILURE_BUDGET: usize = 5;
    /// The longest wait before the next launch.
    const LONGEST_BACKOFF: i64 = 60;

    /// Nothing has run yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            generation: 1,
            config_revision: 1,
            applied_revision: 0,
            incarnation: 0,
            process: ProcessPhase::None,
            process_since: now,
            failures: Vec::new(),
            retry_at: None,
            restarts: 0,
            announce: true,
            stops_owed: 0,
            update_until: None,
            last_exit: None,
            fault: None,
            session: None,
            nonce: None,
            token: None,
        }
    }

    /// Notes that the process is now in `phase`.
    pub(super) fn process_is(&mut self, phase: ProcessPhase, now: Timestamp) {
        self.process = phase;
        self.process_since = now;
        self.retry_at = None;
        if !phase.is_attached() {
            self.session = None;
            self.nonce = None;
        }
    }

    /// Notes a crash; gives the wait before the next launch, or `None` when there were too many.
    /// `jitter` is a share of the wait, between -0.25 and 0.25.
    pub(super) fn crashed(&mut self, now: Timestamp, jitter: f64) -> Option<Duration> {
        self.failures.retain(|at| now - *at < Self::FAILURE_WINDOW);
        self.failures.push(now);
        if self.failures.len() >= Self::FAILURE_BUDGET {
            return None;
        }
        let doublings = self.failures.len().saturating_sub(1).min(6) as u32;
        let seconds = (1_i64 << doublings).min(Self::LONGEST_BACKOFF);
        let share = 1.0 + jitter.clamp(-0.25, 0.25);
        Some(Duration::milliseconds((seconds as f64 * 1000.0 * share) as i64))
    }

    /// A user's word gives the agent a fresh start.
    pub(super) fn forgive(&mut self) {
        self.failures.clear();
        self.retry_at = None;
        self.fault = None;
    }
}
