//! The one thread that spawns. Creating folders and forking block, so neither is done on a thread that serves requests;
//! and whatever the kernel ties to the spawning thread is tied to one that lives as long as the server.

use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Weak;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{fs, thread};

use connix_domain::port::runtime::{LaunchError, LaunchSpec};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::instance::{Instance, Key};
use super::output::Tail;
use super::settings::LocalSettings;
use super::strays::Mark;
use super::supervision::Supervision;
use super::{children, handshake};

/// The environment of every worker; nothing of the server's own goes there.
const ENVIRONMENT: &[(&str, &str)] =
    &[("PATH", "/usr/local/bin:/usr/bin:/bin"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8"), ("TZ", "UTC")];

struct Order {
    spec: LaunchSpec,
    done: oneshot::Sender<Result<(), LaunchError>>,
}

/// Gives orders to the thread, which ends when this is dropped.
pub(super) struct Spawner(Sender<Order>);

impl Spawner {
    pub(super) fn start(settings: LocalSettings, supervision: Weak<Supervision>) -> io::Result<Self> {
        let (orders, ordered) = channel();
        let reactor = Handle::current();
        let desk = Desk { settings, supervision, reactor };
        thread::Builder::new().name("spawner".into()).spawn(move || desk.serve(&ordered))?;
        Ok(Self(orders))
    }

    /// Spawns a worker. When the caller does not wait for the answer, the worker is supervised nevertheless.
    pub(super) async fn spawn(&self, spec: LaunchSpec) -> Result<(), LaunchError> {
        let (done, answer) = oneshot::channel();
        let gone = || LaunchError::Retryable("the thread that spawns is gone".to_owned());
        self.0.send(Order { spec, done }).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// What the thread works with.
struct Desk {
    settings: LocalSettings,
    supervision: Weak<Supervision>,
    reactor: Handle,
}

impl Desk {
    fn serve(&self, orders: &Receiver<Order>) {
        let _entered = self.reactor.enter();
        while let Ok(order) = orders.recv() {
            let launched = self.launch(&order.spec);
            // Nobody waits any more: the supervision has it all the same.
            let _ = order.done.send(launched);
        }
    }

    fn launch(&self, spec: &LaunchSpec) -> Result<(), LaunchError> {
        let Some(supervision) = self.supervision.upgrade() else {
            return Err(LaunchError::Retryable("the server is ending".to_owned()));
        };
        let key = Key { agent: spec.agent, incarnation: spec.incarnation };
        if supervision.knows(key) {
            return Ok(());
        }
        let instance =
            self.start(spec, &supervision).map_err(|error| launch_error(&error, &self.settings.program.path))?;
        supervision.take_over(key, instance)
    }

    fn start(&self, spec: &LaunchSpec, supervision: &Supervision) -> io::Result<Instance> {
        let workspace = self.settings.workspaces.join(spec.project.to_string());
        create_folder(&self.settings.run, 0o700)?;
        // A user that a project's programs run as may come past here, not look around.
        create_folder(&self.settings.workspaces, 0o711)?;
        create_folder(&workspace, 0o700)?;
        let mark = Mark::new(&self.settings.run, spec.agent, spec.incarnation)?;
        supervision.strays.expect(&mark);
        let mut child = children::start(|| self.command(&workspace).spawn())?;
        let lock = self.settings.run.join(format!("{}.lock", spec.agent));
        let line = handshake::line(&self.settings.server_url, &spec.token, &lock, &workspace, mark.text());
        let mut lifeline = child.stdin.take();
        if let Some(pipe) = &mut lifeline {
            // A worker that ended already reads nothing; its exit says more than this failure.
            let _ = pipe.write_all(line.as_bytes());
        }
        let mut instance = Instance {
            org: spec.org,
            project: spec.project,
            mark,
            child,
            lifeline,
            tail: Tail::default(),
            readers: Vec::new(),
            leaving: false,
        };
        if let Err(error) = instance.read_output(spec.agent) {
            instance.put_to_rest();
            return Err(error);
        }
        Ok(instance)
    }

    fn command(&self, workspace: &Path) -> Command {
        let program = &self.settings.program;
        let mut command = Command::new(&program.path);
        command
            .arg0(&program.name)
            .args(&program.arguments)
            .env_clear()
            .envs(ENVIRONMENT.iter().copied())
            .env("HOME", workspace)
            .current_dir(workspace)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// What needs somebody to act is fatal: no such program, no permission, not a program.
fn launch_error(error: &io::Error, program: &Path) -> LaunchError {
    let message = format!("{}: {error}", program.display());
    let not_a_program = error.raw_os_error() == Some(nix::errno::Errno::ENOEXEC as i32);
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => LaunchError::Fatal(message),
        _ if not_a_program => LaunchError::Fatal(message),
        _ => LaunchError::Retryable(message),
    }
}
