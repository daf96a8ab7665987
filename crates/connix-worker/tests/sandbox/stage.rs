//! A workspace, and programs that run in it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use connix_redaction::Redactor;
use connix_worker::sandbox::{Bounds, CallClock, KeeperProgram, Program, Ran, Sandbox};
use connix_worker_protocol::sandbox::{Containment, SandboxSettings};
use connix_worker_protocol::secret::Secret;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::processes::mark;

/// Anything that takes longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Owns files, where the tests run as root.
pub(crate) const SOMEBODY: u32 = 4711;

/// Makes of each case two tests.
macro_rules! however_held {
    ($($case:ident),+ $(,)?) => {
        mod namespace {
            $(#[tokio::test]
            async fn $case() {
                super::$case(crate::stage::Stage::new(connix_worker_protocol::sandbox::Containment::Namespace)).await;
            })+
        }
        mod sweep {
            $(#[tokio::test]
            async fn $case() {
                super::$case(crate::stage::Stage::new(connix_worker_protocol::sandbox::Containment::Sweep)).await;
            })+
        }
    };
}
pub(crate) use however_held;

pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) settings: SandboxSettings,
    pub(crate) environment: BTreeMap<String, Secret>,
    pub(crate) instance: String,
    pub(crate) freezer: watch::Sender<bool>,
}

impl Stage {
    pub(crate) fn new(containment: Containment) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Without a namespace a user of its own must come past here.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        std::fs::create_dir(folder.path().join("workspace")).unwrap();
        let settings = SandboxSettings { containment, ..SandboxSettings::default() };
        Self { folder, settings, environment: BTreeMap::new(), instance: mark(), freezer: watch::Sender::new(false) }
    }

    /// Around the workspace.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub(crate) fn sandbox(&self) -> Sandbox {
        let arguments = vec!["sandbox-exec".to_owned()];
        let keeper = KeeperProgram { path: example(), arguments };
        let sandbox = Sandbox::new(self.settings.clone(), self.workspace(), &self.instance, self.instance.clone());
        sandbox.kept_by(keeper)
    }

    /// For programs whose user is somebody's: as root, because the workspace is.
    pub(crate) fn sandbox_of_somebody(&self) -> Sandbox {
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(self.workspace(), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        }
        self.sandbox().in_its_owner_s_folder()
    }

    pub(crate) async fn try_run<const N: usize>(&self, words: [&str; N], time: Duration) -> Result<Ran, String> {
        self.try_run_in(self.sandbox(), words, time).await
    }

    pub(crate) async fn run_in<const N: usize>(&self, sandbox: Sandbox, words: [&str; N]) -> Ran {
        self.try_run_in(sandbox, words, PATIENCE).await.unwrap()
    }

    async fn try_run_in<const N: usize>(
        &self,
        sandbox: Sandbox,
        words: [&str; N],
        time: Duration,
    ) -> Result<Ran, String> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let program = Program { words, environment: self.environment.clone() };
        let clock = CallClock::new(self.freezer.subscribe());
        let nothing = Redactor::default();
        let run = sandbox.run(program, Bounds { time, clock: &clock, redactor: &nothing });
        tokio::time::timeout(time + PATIENCE, run).await.expect("a run ends")
    }

    pub(crate) async fn run<const N: usize>(&self, words: [&str; N]) -> Ran {
        self.try_run(words, PATIENCE).await.unwrap()
    }

    pub(crate) async fn python(&self, code: &str) -> Ran {
        self.run(["python3", "-c", code]).await
    }

    pub(crate) async fn bash(&self, code: &str) -> Ran {
        self.run(["bash", "-c", code]).await
    }
}

fn example() -> PathBuf {
    // target/debug/deps/sandbox-… → target/debug/examples/local_worker
    let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let example = target.join("examples/local_worker");
    assert!(
        example.exists(),
        "{} is missing: build it with `cargo build -p connix-worker --examples`",
        example.display()
    );
    example
}
