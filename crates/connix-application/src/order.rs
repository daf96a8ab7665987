//! What somebody asks for with a new agent or a change of one, and its commands.

use connix_domain::agent::{AgentConfig, ConfigPatch, Patch, RuntimeKind};
use connix_domain::fault::Faults;
use connix_domain::metadata::Metadata;
use connix_domain::name::AgentName;
use connix_domain::phases;
use connix_domain::tool::ToolCatalogue;

phases! {
    /// The actions of AGNT.
    pub enum AgentCommand {
        /// Start a paused or stopped agent.
        Start = "start",
        /// Temporarily pause it.
        Pause = "pause",
        /// Stop it.
        Stop = "stop",
        /// Stop and start it.
        Restart = "restart",
    }
}

/// A new agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentOrder {
    /// Its name.
    pub name: AgentName,
    /// What it is for.
    pub description: Option<String>,
    /// Its configuration; what is left out takes the service's default.
    pub config: ConfigPatch,
    /// Custom attributes.
    pub metadata: Metadata,
    /// Who runs its worker; the service's default unless given.
    pub runtime: Option<RuntimeKind>,
}

/// A change of an agent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentUpdate {
    /// A new name.
    pub name: Option<AgentName>,
    /// A new description, or none.
    pub description: Option<Option<String>>,
    /// Keys of the configuration.
    pub config: ConfigPatch,
    /// New attributes.
    pub metadata: Option<Metadata>,
}

/// What is wrong with the given keys of a configuration, whatever the others are.
pub(crate) fn config_faults(patch: &ConfigPatch, defaults: &AgentConfig, tools: &ToolCatalogue) -> Faults {
    let mut faults = defaults.patched(patch, defaults).faults(tools);
    if let Patch::Set(environment) = &patch.environment {
        faults.extend(environment.faults());
    }
    faults
}
