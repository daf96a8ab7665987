//! What people ask of an agent. Each command is judged by the table; the process follows later, by the supervisor.

use super::{Agent, AgentAction, AgentConfig, AgentPhase, ConfigPatch, Control, ProcessPhase, RuntimeKind};
use crate::Timestamp;
use crate::event::Happening;
use crate::lifecycle::{Lifecycle, TransitionError};
use crate::metadata::Metadata;
use crate::name::AgentName;
use crate::port::secrets::Sealed;

/// A key of a partial update: kept, put back to the service's default, or set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The body leaves it out.
    #[default]
    Keep,
    /// The body says `null`.
    Reset,
    /// The body gives a value.
    Set(T),
}

impl<T: Clone> Patch<T> {
    /// The value after the patch.
    pub fn over(&self, kept: &T, default: &T) -> T {
        match self {
            Self::Keep => kept.clone(),
            Self::Reset => default.clone(),
            Self::Set(value) => value.clone(),
        }
    }
}

impl<T> Patch<T> {
    /// The same patch of another type.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Reset => Patch::Reset,
            Self::Set(value) => Patch::Set(f(value)),
        }
    }
}

/// What a PUT or PATCH asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentChange {
    /// A new name.
    pub name: Option<AgentName>,
    /// A new description, or none.
    pub description: Option<Option<String>>,
    /// Keys of the configuration.
    pub config: ConfigPatch,
    /// New attributes, replacing all but those of the service.
    pub metadata: Option<Metadata>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Commanded {
    /// It holds already: nothing is written.
    Already,
    /// The agent as it is now, and what happened by it.
    Changed(Box<Agent>, Vec<Happening>),
}

impl Agent {
    /// Start a paused or stopped agent.
    ///
    /// # Errors
    /// [`TransitionError`] where the table says so.
    pub fn start(&self, now: Timestamp) -> Result<Commanded, TransitionError> {
        self.command(AgentAction::Start, now, |agent, from| {
            if !from.keeps_process() {
                agent.control.announce = true;
                agent.control.forgive();
            }
            agent.await_process(now);
            Vec::new()
        })
    }

    /// Pause a running agent: no step starts any more, tasks wait.
    ///
    /// # Errors
    /// [`TransitionError`] where the table says so.
    pub fn pause(&self, now: Timestamp) -> Result<Commanded, TransitionError> {
        self.command(AgentAction::Pause, now, |agent, _| {
            agent.cancel_backoff(now);
            Vec::new()
        })
    }

    /// Stop an agent.
    ///
    /// # Errors
    /// [`TransitionError`] where the table says so.
    pub fn stop(&self, now: Timestamp) -> Result<Commanded, TransitionError> {
        self.command(AgentAction::Stop, now, |agent, from| agent.end_process(from, now))
    }

    /// Stop and start an agent: the old instance takes nothing new, the new one follows when it is gone.
    ///
    /// # Errors
    /// [`TransitionError`] where the table says so.
    pub fn restart(&self, now: Timestamp) -> Result<Commanded, TransitionError> {
        self.command(AgentAction::Restart, now, |agent, _| {
            agent.control.announce = true;
            agent.control.forgive();
            agent.replace_process(now);
            Vec::new()
        })
    }

    /// Change an agent. `config` and `environment` are what it has afterwards; the worker is told when they are new.
    ///
    /// # Errors
    /// [`TransitionError`] for a deleted agent.
    pub fn update(
        &self,
        change: AgentChange,
        config: AgentConfig,
        environment: Option<Sealed>,
        now: Timestamp,
    ) -> Result<Commanded, TransitionError> {
        let reconfigured = config != self.config || environment != self.environment;
        self.command(AgentAction::Update, now, move |agent, from| {
            agent.name = change.name.unwrap_or_else(|| agent.name.clone());
            agent.description = change.description.unwrap_or_else(|| agent.description.clone());
            if let Some(metadata) = change.metadata {
                agent.replace_metadata(metadata);
            }
            agent.config = config;
            agent.environment = environment;
            agent.control.config_revision += i64::from(reconfigured);
            agent.control.update_until = Some(now + Control::UPDATE_TIMEOUT);
            if from == AgentPhase::Error {
                agent.control.forgive();
                agent.await_process(now);
            }
            Vec::new()
        })
    }

    /// Remove an agent. It is gone for everybody at once; the supervisor purges it when its process is gone.
    ///
    /// # Errors
    /// [`TransitionError`] for an agent that is deleted already.
    pub fn delete(&self, now: Timestamp) -> Result<Commanded, TransitionError> {
        self.command(AgentAction::Delete, now, |agent, from| agent.end_process(from, now))
    }

    /// Judges a command by the table and applies `effect` to the agent in its new phase; `effect` is given the old one.
    fn command(
        &self,
        action: AgentAction,
        now: Timestamp,
        effect: impl FnOnce(&mut Self, AgentPhase) -> Vec<Happening>,
    ) -> Result<Commanded, TransitionError> {
        let phase = self.phase.apply(action)?;
        let repeatable = matches!(action, AgentAction::Start | AgentAction::Pause | AgentAction::Stop);
        if repeatable && phase == self.phase {
            return Ok(Commanded::Already);
        }
        let mut next = Self { phase, ..self.clone() };
        next.control.generation += 1;
        if !phase.is_updating() {
            next.control.update_until = None;
        }
        let happened = effect(&mut next, self.phase);
        next.updated_at = now.max(self.updated_at);
        next.version += 1;
        Ok(Commanded::Changed(Box::new(next), happened))
    }

    fn replace_metadata(&mut self, mut metadata: Metadata) {
        if metadata.get(Self::VERSION).is_none()
            && let Some(version) = self.metadata.get(Self::VERSION)
        {
            metadata.set(Self::VERSION, version.clone());
        }
        metadata.set_first(Self::CREATED_BY, self.created_by.to_string());
        self.metadata = metadata;
    }

    /// The process is to end. Owes an `agent.stopped` for a live agent, or gives it at once when there is no process. An
    /// agent at rest has had its own, also while a configuration is noted for it.
    fn end_process(&mut self, from: AgentPhase, now: Timestamp) -> Vec<Happening> {
        self.cancel_backoff(now);
        let owed = from.keeps_process();
        if self.control.process.is_live() {
            self.control.stops_owed += i64::from(owed);
            self.leave(now);
            return Vec::new();
        }
        self.control.process_is(ProcessPhase::None, now);
        if owed { vec![Happening::agent_stopped(self)] } else { Vec::new() }
    }

    /// A process that is there leaves and another one follows.
    fn replace_process(&mut self, now: Timestamp) {
        if self.control.process.is_live() {
            self.leave(now);
        } else {
            self.cancel_backoff(now);
            self.await_process(now);
        }
    }

    /// The process is told to leave. Its session stays until it is gone, so that it can give back what it holds.
    pub(super) fn leave(&mut self, now: Timestamp) {
        if self.control.process != ProcessPhase::Stopping {
            let (session, nonce) = (self.control.session, self.control.nonce.take());
            self.control.process_is(ProcessPhase::Stopping, now);
            self.control.session = session;
            self.control.nonce = nonce;
        }
    }

    fn cancel_backoff(&mut self, now: Timestamp) {
        if self.control.process == ProcessPhase::Backoff {
            self.control.process_is(ProcessPhase::None, now);
        }
    }

    /// Where no process is, an external agent waits for its owner's; a local one is launched by the supervisor.
    pub(super) fn await_process(&mut self, now: Timestamp) {
        if self.runtime == RuntimeKind::External && self.control.process == ProcessPhase::None {
            self.control.process_is(ProcessPhase::WaitingForWorker, now);
        }
    }
}
