//! Workers as child processes of the server.
//!
//! ```text
//! connix serve ── stdin: handshake line, then the lifeline ──▶ connix worker   (leader of its own process group)
//!              ◀── stdout, stderr: the last 64 KiB are kept ──      └─ its tools
//! ```
//!
//! *Invariants.* A worker's process is reaped only after its whole group has been killed, so that no signal can ever
//! reach a stranger that got its number. An exit is reported when no process of the group is left, and none of what the
//! worker's tools started, wherever that has fled to ([`strays`]). When the server is
//! gone, however that came, the kernel closes the lifelines and the workers end themselves (contract section 8); a
//! parent-death signal is not used, since it is tied to the thread that spawned the child.

mod children;
mod handshake;
mod instance;
mod measuring;
mod output;
mod process_group;
mod processes;
mod settings;
mod spawner;
mod strays;
mod supervision;
mod workspace_size;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connix_domain::agent::RuntimeKind;
use connix_domain::id::{AgentId, ProjectId};
use connix_domain::port::clock::Clock;
use connix_domain::port::runtime::{AgentRuntime, InstanceExit, InstanceReading, LaunchError, LaunchSpec};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use instance::Key;
use measuring::Measuring;
pub use settings::{LocalSettings, WorkerProgram};
use spawner::Spawner;
use strays::Strays;
use supervision::Supervision;

/// How long the end of a killed process may take. It is a matter of milliseconds, unless the kernel is stuck.
const KILLED: Duration = Duration::from_secs(5);

/// Runs workers as child processes. Dropping it kills them all.
pub struct LocalRuntime {
    supervision: Arc<Supervision>,
    measuring: Arc<Measuring>,
    spawner: Spawner,
    exits: Mutex<UnboundedReceiver<InstanceExit>>,
}

impl LocalRuntime {
    /// Starts the thread that spawns and the task that sees processes end.
    ///
    /// # Errors
    /// When the system gives no thread, no signal handler or no orphans.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its drivers enabled.
    pub fn start(settings: LocalSettings, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let (exited, exits) = unbounded_channel();
        let strays = Arc::new(Strays::inherit()?);
        strays::watch(&strays, &settings.run);
        let supervision = Arc::new(Supervision::new(exited, strays, clock));
        supervision::watch(&supervision)?;
        let measuring = Measuring::new(settings.workspaces.clone(), settings.workspace_bytes);
        let spawner = Spawner::start(settings, Arc::downgrade(&supervision))?;
        Ok(Self { supervision, measuring, spawner, exits: Mutex::new(exits) })
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        self.supervision.abandon();
    }
}

#[async_trait]
impl AgentRuntime for LocalRuntime {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Local
    }

    async fn launch(&self, spec: LaunchSpec) -> Result<(), LaunchError> {
        self.spawner.spawn(spec).await
    }

    fn knows(&self, agent: AgentId, incarnation: i64) -> bool {
        self.supervision.knows(Key { agent, incarnation })
    }

    async fn drain(&self, agent: AgentId, incarnation: i64, grace: Duration) {
        let key = Key { agent, incarnation };
        if self.supervision.terminate(key) {
            supervision::kill_after(&self.supervision, key, grace);
        }
    }

    async fn kill(&self, agent: AgentId, incarnation: i64) {
        self.supervision.kill(Key { agent, incarnation });
    }

    async fn readings(&self) -> Vec<InstanceReading> {
        let (measuring, supervision) = (Arc::clone(&self.measuring), Arc::clone(&self.supervision));
        let read = tokio::task::spawn_blocking(move || measuring.readings(&supervision));
        read.await.unwrap_or_default()
    }

    async fn workspace_bytes(&self, project: ProjectId) -> Option<u64> {
        let measuring = Arc::clone(&self.measuring);
        tokio::task::spawn_blocking(move || measuring.size(project)).await.ok().flatten()
    }

    async fn next_exit(&self) -> InstanceExit {
        match self.exits.lock().await.recv().await {
            Some(exit) => exit,
            None => std::future::pending().await, // the sender lives as long as `self`
        }
    }

    async fn shut_down(&self, grace: Duration) {
        self.supervision.close();
        for key in self.supervision.keys() {
            self.supervision.terminate(key);
        }
        if tokio::time::timeout(grace, self.supervision.none_left()).await.is_ok() {
            return;
        }
        for key in self.supervision.keys() {
            self.supervision.kill(key);
        }
        if tokio::time::timeout(KILLED, self.supervision.none_left()).await.is_err() {
            tracing::error!("a killed worker has not ended");
        }
    }
}
