//! Which processes live, and seeing them end.
//!
//! The kernel tells by SIGCHLD that some child has ended, not which, and merges what comes close together. So one task
//! looks at all of them each time.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use connix_domain::agent::Exit;
use connix_domain::port::clock::Clock;
use connix_domain::port::runtime::{InstanceExit, LaunchError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::KILLED;
use super::instance::{Instance, Key};
use super::measuring::Subject;
use super::process_group::ProcessGroup;
use super::strays::Strays;

/// Time for the last output of a process that has ended: it is in the pipe already.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The living instances.
pub(super) struct Supervision {
    known: Mutex<Known>,
    /// Instances whose end has not been reported.
    unreported: watch::Sender<HashSet<Key>>,
    exits: UnboundedSender<InstanceExit>,
    pub(super) strays: Arc<Strays>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Known {
    instances: HashMap<Key, Instance>,
    /// Nothing more is launched.
    closed: bool,
}

impl Supervision {
    pub(super) fn new(exits: UnboundedSender<InstanceExit>, strays: Arc<Strays>, clock: Arc<dyn Clock>) -> Self {
        Self { known: Mutex::default(), unreported: watch::Sender::default(), exits, strays, clock }
    }

    /// Whether an instance was launched whose end has not been reported.
    pub(super) fn knows(&self, key: Key) -> bool {
        self.unreported.borrow().contains(&key)
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.known().instances.keys().copied().collect()
    }

    /// The processes to be measured.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        let subject = |(key, instance): (&Key, &Instance)| Subject {
            key: *key,
            pid: instance.child.id().cast_signed(),
            project: instance.project,
        };
        self.known().instances.iter().map(subject).collect()
    }

    /// Whether a process has not been reaped: its number is still its own.
    pub(super) fn holds(&self, key: Key) -> bool {
        self.known().instances.contains_key(&key)
    }

    /// Nothing more is launched from now on.
    pub(super) fn close(&self) {
        self.known().closed = true;
    }

    /// Waits until every end has been reported.
    pub(super) async fn none_left(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.unreported.subscribe().wait_for(HashSet::is_empty).await;
    }

    /// A process has just been spawned. It may have ended already.
    pub(super) fn take_over(self: &Arc<Self>, key: Key, mut instance: Instance) -> Result<(), LaunchError> {
        let mut known = self.known();
        if known.closed {
            instance.put_to_rest();
            return Err(LaunchError::Retryable("the server is ending".to_owned()));
        }
        self.unreported.send_modify(|keys| _ = keys.insert(key));
        known.instances.insert(key, instance);
        drop(known);
        self.collect_ended();
        Ok(())
    }

    /// Tells a worker to leave. False when it is unknown or leaving already.
    pub(super) fn terminate(&self, key: Key) -> bool {
        let mut known = self.known();
        let Some(instance) = known.instances.get_mut(&key).filter(|instance| !instance.leaving) else { return false };
        instance.leaving = true;
        instance.group().terminate_leader();
        true
    }

    /// Ends a worker and all it has started.
    pub(super) fn kill(&self, key: Key) {
        if let Some(instance) = self.known().instances.get_mut(&key) {
            instance.leaving = true;
            instance.group().kill();
        }
    }

    /// Puts those to rest that have ended, and reports each when nothing of it is left.
    fn collect_ended(self: &Arc<Self>) {
        let ended: Vec<_> =
            self.known().instances.extract_if(|_, instance| instance.group().leader_has_ended()).collect();
        for (key, mut instance) in ended {
            let group = instance.group();
            let status = instance.put_to_rest();
            tokio::spawn(Arc::clone(self).report(key, instance, group, status));
        }
    }

    async fn report(self: Arc<Self>, key: Key, instance: Instance, group: ProcessGroup, status: Option<ExitStatus>) {
        if timeout(KILLED, gone(group)).await.is_err() {
            tracing::error!(agent.id = %key.agent, "a process of a worker that has ended cannot be killed");
        }
        if timeout(KILLED, self.strays.swept(&instance.mark)).await.is_err() {
            tracing::error!(agent.id = %key.agent, "a program of a worker that has ended cannot be killed");
        }
        for reader in instance.readers {
            let _ = timeout(LAST_WORDS, reader).await;
        }
        let signal = status.and_then(|status| status.signal());
        let exit = Exit {
            code: status.and_then(|status| status.code()),
            signal,
            reason: if signal.is_some() { "killed" } else { "exited" }.to_owned(),
            detail: instance.tail.text(),
            at: self.clock.now(),
        };
        let Key { agent, incarnation } = key;
        // The receiver is gone only when the runtime is.
        let _ = self.exits.send(InstanceExit { org: instance.org, agent, incarnation, exit });
        self.unreported.send_modify(|keys| _ = keys.remove(&key));
    }

    /// Ends all at once; nothing is reported any more.
    pub(super) fn abandon(&self) {
        let mut known = self.known();
        known.closed = true;
        for (_, mut instance) in known.instances.drain() {
            instance.put_to_rest();
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees children end, for as long as anybody supervises.
pub(super) fn watch(supervision: &Arc<Supervision>) -> io::Result<()> {
    let mut child_ended = signal(SignalKind::child())?;
    let supervision = Arc::downgrade(supervision);
    tokio::spawn(async move {
        while child_ended.recv().await.is_some() {
            let Some(supervision) = supervision.upgrade() else { return };
            supervision.collect_ended();
        }
    });
    Ok(())
}

/// Ends a worker by force after its grace, if it is still there then.
pub(super) fn kill_after(supervision: &Arc<Supervision>, key: Key, grace: Duration) {
    let supervision: Weak<Supervision> = Arc::downgrade(supervision);
    tokio::spawn(async move {
        sleep(grace).await;
        if let Some(supervision) = supervision.upgrade() {
            supervision.kill(key);
        }
    });
}

async fn gone(group: ProcessGroup) {
    while group.is_alive() {
        sleep(Duration::from_millis(2)).await;
    }
}
