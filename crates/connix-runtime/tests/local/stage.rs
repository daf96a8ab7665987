//! A runtime whose workers are a shell script.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use connix_domain::Timestamp;
use connix_domain::id::{AgentId, OrgId, ProjectId};
use connix_domain::port::clock::Clock;
use connix_domain::port::runtime::{AgentRuntime, InstanceExit, LaunchError, LaunchSpec};
use connix_domain::port::secrets::Secret;
use connix_runtime::{LocalRuntime, LocalSettings, WorkerProgram};
use tempfile::TempDir;
use tokio::time::timeout;

/// Anything that takes longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const AGENT: AgentId = AgentId::new(0xa);
pub(crate) const PROJECT: ProjectId = ProjectId::new(0xb);

pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    program: WorkerProgram,
    pub(crate) runtime: Option<LocalRuntime>,
}

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Workers run this script.
pub(crate) fn stage(script: &str) -> Stage {
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    stage_of(WorkerProgram { path: "/bin/sh".into(), name: "connix".into(), arguments })
}

pub(crate) fn stage_of(program: WorkerProgram) -> Stage {
    let mut stage = Stage { folder: tempfile::tempdir().unwrap(), program, runtime: None };
    stage.start_again();
    stage
}

impl Stage {
    /// A runtime on the same folders.
    pub(crate) fn start_again(&mut self) {
        let settings = LocalSettings {
            program: self.program.clone(),
            server_url: "http://127.0.0.1:8080".into(),
            run: self.folder.path().join("run"),
            workspaces: self.folder.path().join("workspaces"),
            workspace_bytes: 1000,
        };
        self.runtime = Some(LocalRuntime::start(settings, Arc::new(StoppedClock)).unwrap());
    }

    pub(crate) fn runtime(&self) -> &LocalRuntime {
        self.runtime.as_ref().unwrap()
    }

    pub(crate) async fn launch(&self, incarnation: i64) -> Result<(), LaunchError> {
        let token = Secret::new("cxw_token");
        let spec = LaunchSpec { org: OrgId::new(1), agent: AGENT, project: PROJECT, incarnation, token };
        self.runtime().launch(spec).await
    }

    pub(crate) async fn exit(&self) -> InstanceExit {
        timeout(PATIENCE, self.runtime().next_exit()).await.expect("the instance ends in time")
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspaces").join(PROJECT.to_string())
    }

    /// What a script has written into a file of its workspace, once it is there and complete.
    pub(crate) async fn written(&self, name: &str) -> String {
        let path = self.workspace().join(name);
        eventually(|| std::fs::read_to_string(&path).ok().filter(|text| text.ends_with('\n'))).await
    }
}

/// Waits until the condition gives something.
pub(crate) async fn eventually<T>(condition: impl Fn() -> Option<T>) -> T {
    let polled = async {
        loop {
            if let Some(found) = condition() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, polled).await.expect("it comes about in time")
}

/// Whether the process is there and has not ended.
pub(crate) fn is_alive(pid: &str) -> bool {
    after_name(pid).first().is_some_and(|state| !matches!(state.as_str(), "Z" | "X"))
}

/// Whether the process has left its group and its session.
pub(crate) fn leads_a_session(pid: &str) -> bool {
    after_name(pid).get(3).is_some_and(|session| session == pid.trim())
}

/// The fields of a process's `stat` after its name: state, parent, group, session; none when it is not there.
fn after_name(pid: &str) -> Vec<String> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").map_or(Vec::new(), |(_, rest)| rest.split_whitespace().map(str::to_owned).collect())
}
