//! The domain used alone, as another service would: no server, no store, no clock. A project and an agent are made; people
//! give commands, a process is observed, and the supervisor's next step is asked for after each.
//!
//! `cargo run -p connix-domain --example agent_lifecycle`
#![expect(clippy::print_stdout, reason = "an example tells its story")]

use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, AgentChange, AgentConfig, Commanded, Exit, Hello, NewAgent, RuntimeKind, Step};
use connix_domain::api_key::Digest;
use connix_domain::event::Happening;
use connix_domain::id::{AgentId, OrgId, ProjectId, SessionId, UserId};
use connix_domain::lifecycle::TransitionError;
use connix_domain::metadata::Metadata;
use connix_domain::name::{AgentName, CanonicalName, DisplayName};
use connix_domain::project::{Project, ProjectPhase, Visibility};
use connix_domain::tool::ToolCatalogue;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut story = Story::begin()?;

    story.supervise();
    story.hello()?;

    story.command("pause", Agent::pause)?;
    story.command("pause again", Agent::pause)?;
    story.command("start", Agent::start)?;

    story.command("update: a cooler head", |agent, now| {
        let config = AgentConfig { temperature: 0.1, ..agent.config.clone() };
        agent.update(AgentChange::default(), config, None, now)
    })?;
    story.applied();

    story.exits(Exit { code: Some(70), ..story.exit("exited") });
    story.supervise();
    story.wait(Duration::seconds(1));
    story.supervise();
    story.hello()?;

    println!("\n-- a start that overtakes a stop --");
    story.command("stop", Agent::stop)?;
    story.command("start", Agent::start)?;
    story.supervise();
    story.exits(story.exit("left"));
    story.supervise();
    story.hello()?;

    story.command("delete", Agent::delete)?;
    story.supervise();
    story.exits(story.exit("left"));
    story.supervise();
    Ok(())
}

/// An agent, and what time it is.
struct Story {
    agent: Agent,
    now: Timestamp,
}

impl Story {
    fn begin() -> Result<Self, Box<dyn Error>> {
        let now = Timestamp::from_timestamp(1_704_067_200, 0).ok_or("no such time")?;
        let project = project(now)?;
        println!("project {} ({}): {}", project.name, project.id, project.phase);
        let new = NewAgent {
            org: project.org,
            id: AgentId::new(0x1234_5678_90ab_cdef),
            project: project.id,
            name: AgentName::parse("Customer Support Agent")?,
            description: None,
            config: AgentConfig::of_model("gpt-4"),
            environment: None,
            metadata: Metadata::default(),
            created_by: project.created_by,
            runtime: RuntimeKind::Local,
        };
        new.config.faults(&ToolCatalogue::default()).or(()).map_err(|faults| format!("{faults:?}"))?;
        let story = Self { agent: Agent::create(new, now), now };
        story.tell("create", &[]);
        Ok(story)
    }

    /// Somebody gives a command.
    fn command(
        &mut self,
        what: &str,
        verb: impl Fn(&Agent, Timestamp) -> Result<Commanded, TransitionError>,
    ) -> Result<(), TransitionError> {
        match verb(&self.agent, self.now)? {
            Commanded::Already => self.tell(&format!("{what}: holds already"), &[]),
            Commanded::Changed(next, happened) => self.becomes(what, *next, &happened),
        }
        Ok(())
    }

    /// The supervisor does what is to be done, as far as it is its own to do; the rest is observed later.
    fn supervise(&mut self) {
        match self.agent.next_step(self.now) {
            Some(Step::Launch) => {
                let token = Digest([0; 32]); // a real service makes one through the Credentials port
                self.becomes("supervisor: Launch", self.agent.launching(token, self.now), &[]);
            }
            Some(step) => self.tell(&format!("supervisor: {step:?}"), &[]),
            None => self.tell("supervisor: nothing to do yet", &[]),
        }
    }

    /// The worker that was launched speaks for the first time.
    fn hello(&mut self) -> Result<(), Box<dyn Error>> {
        let incarnation = self.agent.control.incarnation;
        let hello = Hello { nonce: format!("nonce-{incarnation}"), session: SessionId::new(7) };
        if let Some((next, happened)) = self.agent.greeted(&hello, self.now)? {
            self.becomes("worker: hello", next, &happened);
        }
        Ok(())
    }

    /// The worker uses the newest configuration.
    fn applied(&mut self) {
        if let Some(next) = self.agent.applied(self.agent.control.config_revision) {
            self.becomes("worker: applied", next, &[]);
        }
    }

    /// The process is gone.
    fn exits(&mut self, exit: Exit) {
        let what = format!("process: {}", exit.reason);
        if let Some((next, happened)) = self.agent.exited(self.agent.control.incarnation, exit, 0.0, self.now) {
            self.becomes(&what, next, &happened);
        }
    }

    fn exit(&self, reason: &str) -> Exit {
        Exit { code: Some(0), signal: None, reason: reason.to_owned(), detail: String::new(), at: self.now }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// A service would commit the new version and its events as one `ChangeSet`.
    fn becomes(&mut self, what: &str, next: Agent, happened: &[Happening]) {
        self.agent = next;
        self.tell(what, happened);
    }

    fn tell(&self, what: &str, happened: &[Happening]) {
        let events: Vec<_> = happened.iter().map(|happening| happening.kind.as_str()).collect();
        let (status, control) = (self.agent.phase.status(), &self.agent.control);
        let (process, incarnation) = (control.process.as_str(), control.incarnation);
        let seen = format!("{what:<30} {status:<9} process {process:<9} incarnation {incarnation}");
        println!("{}", format!("{seen}  {}", events.join(", ")).trim_end());
    }
}

fn project(now: Timestamp) -> Result<Project, Box<dyn Error>> {
    let name = DisplayName::parse("Legal Counsel Project")?;
    Ok(Project {
        org: OrgId::new(1),
        id: ProjectId::new(2),
        number: 1,
        canonical_name: CanonicalName::derive(&name, 0),
        name,
        description: None,
        phase: ProjectPhase::Active,
        visibility: Visibility::Private,
        team: None,
        created_by: UserId::new(3),
        metadata: Metadata::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    })
}
