//! Workers that their owners run on hosts of their own.

use std::time::Duration;

use async_trait::async_trait;
use connix_domain::agent::RuntimeKind;
use connix_domain::id::{AgentId, ProjectId};
use connix_domain::port::runtime::{AgentRuntime, InstanceExit, InstanceReading, LaunchError, LaunchSpec};

/// Launches nothing and sees nothing end: an external worker says hello when it likes, is told to leave over the worker
/// protocol, and is taken for gone when it is not heard.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExternalRuntime;

#[async_trait]
impl AgentRuntime for ExternalRuntime {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::External
    }

    async fn launch(&self, _spec: LaunchSpec) -> Result<(), LaunchError> {
        Err(LaunchError::Fatal("this server runs no workers itself (runtime.kind = \"external\")".to_owned()))
    }

    fn knows(&self, _agent: AgentId, _incarnation: i64) -> bool {
        false
    }

    async fn drain(&self, _agent: AgentId, _incarnation: i64, _grace: Duration) {}

    async fn kill(&self, _agent: AgentId, _incarnation: i64) {}

    async fn readings(&self) -> Vec<InstanceReading> {
        Vec::new()
    }

    async fn workspace_bytes(&self, _project: ProjectId) -> Option<u64> {
        None
    }

    async fn next_exit(&self) -> InstanceExit {
        std::future::pending().await
    }

    async fn shut_down(&self, _grace: Duration) {}
}
