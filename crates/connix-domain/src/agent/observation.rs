//! What is seen of an agent's process. Observations of a stale incarnation change nothing.

use super::{Agent, AgentAction, AgentFault, AgentPhase, Exit, ProcessPhase, RuntimeKind};
use crate::Timestamp;
use crate::api_key::Digest;
use crate::event::Happening;
use crate::id::SessionId;
use crate::lifecycle::Lifecycle;
use chrono::Duration;

/// A worker that has been replaced, or is not wanted: it is to leave at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this instance has been replaced")]
pub struct Fenced;

/// What a worker says first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// What it tells itself apart by; the same hello again is the same session.
    pub nonce: String,
    /// The session it gets if it is new.
    pub session: SessionId,
}

impl Agent {
    /// The supervisor launches an instance: a new incarnation with a token of its own.
    #[must_use]
    pub fn launching(&self, token: Digest, now: Timestamp) -> Self {
        let mut next = self.observed();
        next.control.incarnation += 1;
        next.control.token = Some(token);
        next.control.process_is(ProcessPhase::Starting, now);
        next
    }

    /// The owner of an external agent asks for its worker's token; the one before is worthless from now on.
    #[must_use]
    pub fn with_token(&self, token: Digest) -> Self {
        let mut next = self.observed();
        next.control.token = Some(token);
        next
    }

    /// A worker says hello. `None` when it has said the same before. A new one of an external agent takes the place of the
    /// one before, whether that one works or is leaving: a new incarnation, which fences it.
    ///
    /// # Errors
    /// [`Fenced`] when no worker is wanted, or it was told to leave.
    pub fn greeted(&self, hello: &Hello, now: Timestamp) -> Result<Option<(Self, Vec<Happening>)>, Fenced> {
        let known = self.control.nonce.as_deref() == Some(hello.nonce.as_str());
        let place = match self.runtime {
            RuntimeKind::Local => self.control.process == ProcessPhase::Starting,
            RuntimeKind::External => !known,
        };
        if known && self.control.process.is_attached() {
            return Ok(None);
        }
        if !self.phase.keeps_process() || !place {
            return Err(Fenced);
        }
        let mut next = self.observed();
        let mut happened = next.paid_stops();
        next.control.incarnation += i64::from(self.runtime == RuntimeKind::External);
        next.control.process_is(ProcessPhase::Ready, now);
        next.control.session = Some(hello.session);
        next.control.nonce = Some(hello.nonce.clone());
        next.control.applied_revision = next.control.config_revision;
        next.settle();
        if std::mem::take(&mut next.control.announce) {
            happened.push(Happening::agent_launched(&next));
        }
        Ok(Some((next, happened)))
    }

    /// The worker uses a revision of the configuration. `None` when that is no news, when nobody made that revision, or
    /// when the worker is leaving: then its successor's word counts.
    pub fn applied(&self, revision: i64) -> Option<Self> {
        let news = revision > self.control.applied_revision || self.phase.is_updating();
        if !news || revision > self.control.config_revision || !self.control.process.is_attached() {
            return None;
        }
        let mut next = self.observed();
        next.control.applied_revision = revision.max(self.control.applied_revision);
        if next.control.applied_revision >= next.control.config_revision {
            next.settle();
        }
        (next.phase != self.phase || next.control != self.control).then_some(next)
    }

    /// The worker holds still, or works again. `None` when that is no news.
    pub fn parked(&self, parked: bool, now: Timestamp) -> Option<Self> {
        let phase = if parked { ProcessPhase::Parked } else { ProcessPhase::Ready };
        if !self.control.process.is_attached() || self.control.process == phase {
            return None;
        }
        let mut next = self.observed();
        next.control.process = phase;
        next.control.process_since = now;
        Some(next)
    }

    /// The process of an incarnation is gone. `None` when it was not the agent's.
    /// `jitter` is a share of the wait before the next launch, between -0.25 and 0.25.
    pub fn exited(&self, incarnation: i64, exit: Exit, jitter: f64, now: Timestamp) -> Option<(Self, Vec<Happening>)> {
        if incarnation != self.control.incarnation || !self.control.process.is_live() {
            return None;
        }
        let expected = self.control.process == ProcessPhase::Stopping || !self.phase.keeps_process();
        let mut next = self.observed();
        next.control.last_exit = Some(exit.clone());
        next.control.process_is(ProcessPhase::None, now);
        let mut happened = next.paid_stops();
        if next.phase.wants_process() && !expected {
            happened.extend(next.crash(&exit, jitter, now));
        }
        if next.phase.wants_process() {
            next.await_process(now);
        }
        Some((next, happened))
    }

    /// The process is gone through no fault of its own: the server restarted, or an external worker was not heard of.
    pub fn lost(&self, exit: Exit, now: Timestamp) -> Option<(Self, Vec<Happening>)> {
        if !self.control.process.is_live() {
            return None;
        }
        let mut next = self.clone();
        next.control.process = ProcessPhase::Stopping;
        next.exited(self.control.incarnation, exit, 0.0, now)
    }

    /// `updating` is over, in the phase that it names: no worker has to apply anything, or none did in time.
    pub fn update_over(&self) -> Option<Self> {
        self.phase.is_updating().then(|| {
            let mut next = self.observed();
            next.settle();
            next
        })
    }

    /// The worker does not take the new configuration: another one is launched with it.
    #[must_use]
    pub fn update_refused(&self, now: Timestamp) -> Self {
        let mut next = self.observed();
        next.control.update_until = None;
        if next.control.process.is_live() {
            next.leave(now);
        }
        next
    }

    /// It cannot be launched at all. One that was told to leave meanwhile is gone; whether it is to be launched again is a
    /// new question.
    pub fn unlaunchable(&self, message: &str, now: Timestamp) -> (Self, Vec<Happening>) {
        let expected = self.control.process == ProcessPhase::Stopping;
        let mut next = self.observed();
        next.control.process_is(ProcessPhase::None, now);
        let mut happened = next.paid_stops();
        if !expected {
            happened.extend(next.give_up("launch_failed", message));
        }
        (next, happened)
    }

    /// Every `agent.stopped` that was owed for a process that is now gone.
    fn paid_stops(&mut self) -> Vec<Happening> {
        let owed = std::mem::take(&mut self.control.stops_owed);
        (0..owed).map(|_| Happening::agent_stopped(self)).collect()
    }

    fn crash(&mut self, exit: &Exit, jitter: f64, now: Timestamp) -> Vec<Happening> {
        if self.runtime == RuntimeKind::External {
            return Vec::new();
        }
        if exit.is_fatal() {
            return self.give_up("worker_refused", exit.meaning());
        }
        match self.control.crashed(now, jitter) {
            Some(wait) => {
                self.control.process = ProcessPhase::Backoff;
                self.control.retry_at = Some(now + wait.max(Duration::zero()));
                self.control.restarts += 1;
                Vec::new()
            }
            None => self.give_up("crash_loop", "The worker crashed 5 times within 10 minutes"),
        }
    }

    fn give_up(&mut self, code: &str, message: &str) -> Vec<Happening> {
        let Some(phase) = self.phase.after(AgentAction::GiveUp) else { return Vec::new() };
        self.phase = phase;
        self.control.update_until = None;
        self.control.fault = Some(AgentFault { code: code.to_owned(), message: message.to_owned() });
        vec![Happening::agent_failed(self, code)]
    }

    fn settle(&mut self) {
        let transient = self.phase == AgentPhase::Creating || self.phase.is_updating();
        if let Some(phase) = self.phase.after(AgentAction::Settle).filter(|_| transient) {
            self.phase = phase;
            self.control.update_until = None;
        }
    }

    fn observed(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}
