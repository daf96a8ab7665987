//! An agent: what people ask of it, what its process really does, and how the one follows the other.
//!
//! | part | what |
//! |---|---|
//! | [`AgentPhase`] | the public life, one total table (contract section 6) |
//! | [`Control`] | what stands behind the phase: generation, incarnation, the process and its failures |
//! | `command` | what people ask: start, pause, stop, restart, update, delete |
//! | `observation` | what is seen of the process: ready, applied, parked, gone |
//! | [`Step`] | what the supervisor has to do next, decided from the two |

mod command;
mod config;
mod control;
mod environment;
mod masking;
mod observation;
mod phase;
mod step;

pub use command::{AgentChange, Commanded, Patch};
pub use config::{AgentConfig, ConfigPatch};
pub use control::{AgentFault, Control, Exit, ProcessPhase};
pub use environment::{EnvironmentVariables, is_reserved};
pub use masking::mask;
pub use observation::{Fenced, Hello};
pub use phase::{AgentAction, AgentPhase};
pub use step::Step;

use crate::Timestamp;
use crate::fault::Fault;
use crate::id::{AgentId, OrgId, ProjectId, UserId};
use crate::metadata::Metadata;
use crate::name::AgentName;
use crate::phases;
use crate::port::secrets::Sealed;

phases! {
    /// Who runs an agent's worker.
    pub enum RuntimeKind {
        /// The server, as a child process.
        Local = "local",
        /// The customer, on a host of their own; there is nothing to launch.
        External = "external",
    }
}

/// An agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// The tenant.
    pub org: OrgId,
    /// Its identifier.
    pub id: AgentId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its name, unique in the project.
    pub name: AgentName,
    /// What it is for.
    pub description: Option<String>,
    /// How it thinks.
    pub config: AgentConfig,
    /// Its environment variables, encrypted; `None` when there are none.
    pub environment: Option<Sealed>,
    /// Custom attributes, with `created_by` and `version`.
    pub metadata: Metadata,
    /// Who made it.
    pub created_by: UserId,
    /// Who runs its worker.
    pub runtime: RuntimeKind,
    /// Where it is in its life.
    pub phase: AgentPhase,
    /// What stands behind the phase.
    pub control: Control,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last changed or commanded it.
    pub updated_at: Timestamp,
    /// The last sign of work: a task's step or a log line.
    pub last_activity: Option<Timestamp>,
    /// Rises by one with each change of the row.
    pub version: i64,
}

/// A `version` attribute that is longer, as JSON, counts in the limits of the attributes like any other.
const LONGEST_VERSION: usize = 1024;

/// What somebody asks for with a new agent.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAgent {
    /// The tenant.
    pub org: OrgId,
    /// Its identifier.
    pub id: AgentId,
    /// The project it is to belong to.
    pub project: ProjectId,
    /// Its name.
    pub name: AgentName,
    /// What it is for.
    pub description: Option<String>,
    /// How it thinks.
    pub config: AgentConfig,
    /// Its environment variables, encrypted.
    pub environment: Option<Sealed>,
    /// Custom attributes.
    pub metadata: Metadata,
    /// Who makes it.
    pub created_by: UserId,
    /// Who runs its worker.
    pub runtime: RuntimeKind,
}

impl Agent {
    /// A new agent, to be launched by the supervisor or awaited.
    pub fn create(new: NewAgent, now: Timestamp) -> Self {
        let mut metadata = new.metadata;
        metadata.set_first(Self::CREATED_BY, new.created_by.to_string());
        if metadata.get(Self::VERSION).is_none() {
            metadata.set(Self::VERSION, Self::FIRST_VERSION);
        }
        let mut agent = Self {
            org: new.org,
            id: new.id,
            project: new.project,
            name: new.name,
            description: new.description,
            config: new.config,
            environment: new.environment,
            metadata,
            created_by: new.created_by,
            runtime: new.runtime,
            phase: AgentPhase::Creating,
            control: Control::new(now),
            created_at: now,
            updated_at: now,
            last_activity: None,
            version: 1,
        };
        agent.await_process(now);
        agent
    }
}

impl Agent {
    /// The attribute that the service owns: who made the agent.
    pub const CREATED_BY: &'static str = "created_by";
    /// The attribute that is `1.0.0` unless given.
    pub const VERSION: &'static str = "version";
    /// The version of an agent whose maker gave none.
    pub const FIRST_VERSION: &'static str = "1.0.0";

    /// Custom attributes as somebody sends them, perhaps as they were read: what the service adds counts in no limit.
    ///
    /// # Errors
    /// The first limit of [`Metadata`] that is broken.
    pub fn read_metadata(object: serde_json::Map<String, serde_json::Value>) -> Result<Metadata, Fault> {
        Metadata::parse_beside(object, |key, value| match key {
            Self::CREATED_BY => true,
            Self::VERSION => value.to_string().len() <= LONGEST_VERSION,
            _ => false,
        })
    }

    /// Whether tasks may be given to it (contract section 6: not while stopped or in error).
    pub fn takes_tasks(&self) -> bool {
        self.phase.is_alive()
    }
    /// Whether a worker of `incarnation` may take a task now.
    pub fn may_claim(&self, incarnation: i64) -> bool {
        self.phase == AgentPhase::Running
            && incarnation == self.control.incarnation
            && self.control.process == ProcessPhase::Ready
    }
}
