//! What agents could work with here: the worker's own knowledge of tools and models, behind the domain's port.

use std::path::PathBuf;

use async_trait::async_trait;
use connix_domain::confinement::{Confinement, ConfinementMode, Containment};
use connix_domain::port::tools::{Equipment, Inventory};
use connix_domain::tool::{Obstacle, Tool};
use connix_worker::sandbox::Hold;
use connix_worker::{FoundTool, inventory, offered_models};
use connix_worker_protocol::sandbox::SandboxMode;
use connix_worker_protocol::session::LlmEndpoint;
use connix_worker_protocol::tools::ToolSettings;

/// The worker program's tools, and the models of the configured endpoint.
pub(crate) struct WorkerEquipment {
    pub(crate) tools: ToolSettings,
    pub(crate) llm: LlmEndpoint,
    /// Where programs are tried.
    pub(crate) folder: PathBuf,
}

#[async_trait]
impl Equipment for WorkerEquipment {
    async fn inventory(&self) -> Inventory {
        let found = inventory(&self.tools, &self.folder).await;
        let mode = match self.tools.sandbox.mode {
            SandboxMode::Strict => ConfinementMode::Strict,
            SandboxMode::None => ConfinementMode::None,
        };
        let containment = found.programs.hold.map(|hold| match hold {
            Hold::Namespace => Containment::Namespace,
            Hold::Sweep => Containment::Sweep,
        });
        let tools = found.tools.into_iter().map(tool).collect();
        Inventory { tools, confinement: Confinement { mode, containment } }
    }

    async fn models(&self) -> Result<Vec<String>, String> {
        let offered = offered_models(&self.llm).await;
        offered.inspect_err(|cause| tracing::debug!(cause, "the model endpoint gives no list of models"))
    }
}

fn tool(found: FoundTool) -> Tool {
    let obstacle =
        found.missing.map(|missing| Obstacle { reason: missing.reason, setting: missing.setting.map(str::to_owned) });
    Tool { name: found.name, description: found.description, parameters: found.parameters, obstacle }
}
