//! An agent with a process as it might really exist, and what must hold of the two after everything that happens.

use crate::fixture::{at, new_agent};
use crate::moves::{Command, Move, Revision};
use connix_domain::Timestamp;
use connix_domain::agent::{
    Agent, AgentChange, AgentPhase, Commanded, Exit, Fenced, Hello, ProcessPhase, RuntimeKind, Step,
};
use connix_domain::api_key::Digest;
use connix_domain::event::{EventKind, Happening};
use connix_domain::id::SessionId;
use connix_domain::lifecycle::TransitionError;
use connix_domain::name::AgentName;

/// A process that exists.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    pub(crate) incarnation: i64,
    /// What it said hello with.
    pub(crate) nonce: Option<String>,
    /// It is to leave: by a command, or to be replaced.
    pub(crate) unwanted: bool,
    /// The supervisor asked it to leave.
    pub(crate) drained: bool,
}

/// An agent, its process, and what was promised about them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) agent: Agent,
    pub(crate) now: Timestamp,
    pub(crate) worker: Option<Worker>,
    pub(crate) purged: bool,
    /// Accepted stops and deletes of a live agent, and how many `agent.stopped` there were.
    pub(crate) stops: (usize, usize),
    /// The next readiness is an `agent.launched`.
    pub(crate) launch_is_news: bool,
    hellos: u64,
}

pub(crate) fn exit(code: i32, reason: &str, at: Timestamp) -> Exit {
    Exit { code: Some(code), signal: None, reason: reason.to_owned(), detail: String::new(), at }
}

/// Whether a stop of it is a stop of something.
fn is_live(phase: AgentPhase) -> bool {
    match phase {
        AgentPhase::Creating
        | AgentPhase::Running
        | AgentPhase::Paused
        | AgentPhase::UpdatingRunning
        | AgentPhase::UpdatingPaused => true,
        AgentPhase::Stopped | AgentPhase::Error | AgentPhase::UpdatingStopped | AgentPhase::Deleted => false,
    }
}

impl World {
    pub(crate) fn new(runtime: RuntimeKind) -> Self {
        Self {
            agent: new_agent(runtime),
            now: at(0),
            worker: None,
            purged: false,
            stops: (0, 0),
            launch_is_news: true,
            hellos: 0,
        }
    }

    /// An agent to which this happened since it was made.
    pub(crate) fn after(runtime: RuntimeKind, moves: &[Move]) -> Self {
        let mut world = Self::new(runtime);
        for next in moves {
            world.make(*next);
        }
        world
    }

    /// Something happens, and everything that must hold still does.
    pub(crate) fn make(&mut self, next: Move) {
        if self.purged {
            return;
        }
        match next {
            Move::Command(command) => drop(self.command(command)),
            Move::Wait(seconds) => self.now += chrono::Duration::seconds(seconds),
            Move::Supervise => drop(self.supervise()),
            Move::Hello => drop(self.hello()),
            Move::HelloAgain => self.hello_again(),
            Move::Applied(revision) => self.applied(revision),
            Move::Parked(parked) => self.parked(parked),
            Move::Ends { code, jitter } => self.ends(exit(code, "exited", self.now), jitter),
            Move::Leaves if self.worker.as_ref().is_some_and(|worker| worker.drained || worker.unwanted) => {
                self.ends(exit(0, "left", self.now), 0.0);
            }
            Move::Leaves => {}
            Move::LaunchFails => self.launch_fails(),
            Move::Lost => self.lost(),
            Move::NewToken => self.becomes(self.agent.with_token(Digest([9; 32])), &[]),
        }
        self.check();
    }

    pub(crate) fn command(&mut self, command: Command) -> Result<Commanded, TransitionError> {
        let from = self.agent.clone();
        let answer = match command {
            Command::Start => from.start(self.now),
            Command::Pause => from.pause(self.now),
            Command::Stop => from.stop(self.now),
            Command::Restart => from.restart(self.now),
            Command::Put { reconfigures } => self.put(reconfigures),
            Command::Delete => from.delete(self.now),
        }?;
        if let Commanded::Changed(next, happened) = &answer {
            let ends = matches!(command, Command::Stop | Command::Delete);
            self.stops.0 += usize::from(ends && is_live(from.phase));
            self.launch_is_news |= command == Command::Restart || (command == Command::Start && !is_live(from.phase));
            if let Some(worker) = self.worker.as_mut() {
                worker.unwanted |= ends || command == Command::Restart;
            }
            self.becomes((**next).clone(), happened);
        }
        Ok(answer)
    }

    fn put(&self, reconfigures: bool) -> Result<Commanded, TransitionError> {
        let mut config = self.agent.config.clone();
        config.max_tokens += i64::from(reconfigures);
        let change = AgentChange { name: AgentName::parse("Another Name").ok(), ..AgentChange::default() };
        let answer = self.agent.update(change, config, None, self.now)?;
        if let Commanded::Changed(next, _) = &answer {
            let revision = self.agent.control.config_revision + i64::from(reconfigures);
            assert_eq!(next.control.config_revision, revision);
            assert_eq!(next.metadata, self.agent.metadata, "what the body leaves out stays");
        }
        Ok(answer)
    }

    /// Takes the supervisor's next step.
    pub(crate) fn supervise(&mut self) -> Option<Step> {
        let step = self.agent.next_step(self.now)?;
        let agent = self.agent.clone();
        match step {
            Step::Launch => {
                assert!(self.worker.is_none(), "launched while a process of it exists");
                assert_eq!(agent.runtime, RuntimeKind::Local, "there is nothing of ours to launch");
                let next = agent.launching(Digest([1; 32]), self.now);
                let incarnation = next.control.incarnation;
                assert_eq!(incarnation, agent.control.incarnation + 1);
                self.worker = Some(Worker { incarnation, nonce: None, unwanted: false, drained: false });
                self.becomes(next, &[]);
            }
            Step::Drain => self.worker.as_mut().unwrap().drained = true,
            Step::KillUnready => self.ends(exit(137, "start_timeout", self.now), 0.0),
            Step::EndUpdate => self.becomes(agent.update_over().unwrap(), &[]),
            Step::ReplaceWorker => {
                self.worker.as_mut().unwrap().unwanted = true;
                self.becomes(agent.update_refused(self.now), &[]);
            }
            Step::Purge => self.purged = true,
            Step::GiveUpExternal => self.lost(),
        }
        Some(step)
    }

    /// A worker says its first hello: the launched one, or on an external agent a new one.
    pub(crate) fn hello(&mut self) -> Option<Result<(), Fenced>> {
        let external = self.agent.runtime == RuntimeKind::External;
        let silent = self.worker.as_ref().is_some_and(|worker| worker.nonce.is_none());
        if !external && !silent {
            return None;
        }
        self.hellos += 1;
        let nonce = format!("nonce-{}", self.hellos);
        let hello = Hello { nonce: nonce.clone(), session: SessionId::new(self.hellos) };
        match self.agent.greeted(&hello, self.now) {
            Ok(greeted) => {
                let (next, happened) = greeted.expect("a new nonce is a new session");
                assert!(external || !self.worker.as_ref().unwrap().unwanted, "an unwanted worker was let in");
                let incarnation = next.control.incarnation;
                self.worker = Some(Worker { incarnation, nonce: Some(nonce), unwanted: false, drained: false });
                assert_eq!(next.control.session, Some(hello.session));
                let launched = happened.iter().filter(|h| h.kind == EventKind::AgentLaunched).count();
                assert_eq!(launched, usize::from(self.launch_is_news), "agent.launched");
                self.launch_is_news = false;
                self.becomes(next, &happened);
                Some(Ok(()))
            }
            Err(fenced) => {
                if let Some(worker) = self.worker.as_mut().filter(|_| !external) {
                    assert!(worker.unwanted, "a wanted worker was sent away");
                }
                Some(Err(fenced))
            }
        }
    }

    fn hello_again(&mut self) {
        let Some(Worker { nonce: Some(nonce), unwanted, .. }) = self.worker.clone() else { return };
        let again = Hello { nonce, session: SessionId::new(0) };
        match self.agent.greeted(&again, self.now) {
            Ok(None) => assert!(!unwanted),
            Ok(Some(_)) => panic!("the same hello made another session"),
            Err(Fenced) => assert!(unwanted),
        }
    }

    pub(crate) fn applied(&mut self, revision: Revision) {
        let Some(Worker { nonce: Some(_), unwanted, .. }) = self.worker else { return };
        let newest = self.agent.control.config_revision;
        let said = match revision {
            Revision::Older => newest - 1,
            Revision::Newest => newest,
            Revision::Beyond => newest + 1,
        };
        if let Some(next) = self.agent.applied(said) {
            assert!(!unwanted, "a worker that is to leave applies nothing any more");
            assert!(said <= newest, "applied a configuration that nobody made");
            self.becomes(next, &[]);
        }
    }

    fn parked(&mut self, parked: bool) {
        if let Some(Worker { nonce: Some(_), .. }) = self.worker
            && let Some(next) = self.agent.parked(parked, self.now)
        {
            self.becomes(next, &[]);
        }
    }

    /// The process is gone, and is seen to be.
    pub(crate) fn ends(&mut self, exit: Exit, jitter: f64) {
        if let Some(worker) = self.worker.take() {
            let (next, happened) = self.agent.exited(worker.incarnation, exit, jitter, self.now).unwrap();
            self.becomes(next, &happened);
        }
    }

    fn launch_fails(&mut self) {
        if self.agent.runtime == RuntimeKind::Local && self.worker.as_ref().is_some_and(|w| w.nonce.is_none()) {
            self.worker = None;
            let (next, happened) = self.agent.unlaunchable("no such program", self.now);
            self.becomes(next, &happened);
        }
    }

    pub(crate) fn lost(&mut self) {
        let existed = self.worker.take().is_some();
        let lost = self.agent.lost(exit(137, "server_restarted", self.now), self.now);
        assert_eq!(lost.is_some(), existed);
        if let Some((next, happened)) = lost {
            assert_eq!(next.control.failures, self.agent.control.failures, "no fault of its own");
            self.becomes(next, &happened);
        }
    }

    /// The agent's next version. The worker is already as it is afterwards.
    fn becomes(&mut self, next: Agent, happened: &[Happening]) {
        let count = |kind| happened.iter().filter(|h| h.kind == kind).count();
        assert_eq!(next.version, self.agent.version + 1);
        let stopped = count(EventKind::AgentStopped);
        let replaced = self.worker.as_ref().is_some_and(|w| w.incarnation > self.agent.control.incarnation);
        assert!(stopped == 0 || self.worker.is_none() || replaced, "agent.stopped while its process exists");
        self.stops.1 += stopped;
        let gave_up = next.phase == AgentPhase::Error && self.agent.phase != AgentPhase::Error;
        assert_eq!(count(EventKind::AgentFailed), usize::from(gave_up), "agent.failed");
        assert_eq!(next.control.fault.is_some() && gave_up, gave_up, "error without a reason");
        self.agent = next;
    }

    /// What always holds.
    fn check(&self) {
        let agent = &self.agent;
        assert_eq!(agent.control.process.is_live(), self.worker.is_some(), "what is believed of the process");
        assert!(self.stops.1 <= self.stops.0, "more agent.stopped than stops");
        if self.worker.is_none() {
            assert_eq!(self.stops.1, self.stops.0, "an agent.stopped is missing");
        }
        for stale in [agent.control.incarnation - 1, agent.control.incarnation + 1] {
            assert_eq!(agent.exited(stale, exit(1, "exited", self.now), 0.0, self.now), None, "a stale exit");
            assert!(!agent.may_claim(stale), "a stale worker takes tasks");
        }
        if agent.may_claim(agent.control.incarnation) {
            assert_eq!(agent.phase, AgentPhase::Running);
            assert_eq!(agent.control.process, ProcessPhase::Ready);
            assert!(self.worker.as_ref().is_some_and(|worker| worker.nonce.is_some() && !worker.unwanted));
        }
        assert!(agent.phase.is_updating() || agent.control.update_until.is_none(), "a deadline without an update");
        match agent.due_at() {
            Some(due) => {
                assert!(agent.next_step(due).is_some(), "nothing to do when it is due");
                assert_eq!(agent.next_step(due - chrono::Duration::microseconds(1)), None, "a step before it is due");
            }
            None => assert_eq!(agent.next_step(at(10_000_000)), None, "a step that is never due"),
        }
    }
}
