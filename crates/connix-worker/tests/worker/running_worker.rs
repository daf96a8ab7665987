//! A worker on a thread of its own, as it would be in a process of its own.

use std::thread;
use std::time::Duration;

use connix_worker::{Pace, Settings, work};
use connix_worker_protocol::secret::Secret;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::eventually::PATIENCE;
use crate::scripted_server::ScriptedServer;

/// Drains when it is dropped.
pub(crate) struct RunningWorker {
    drain: watch::Sender<bool>,
    exit: oneshot::Receiver<u8>,
}

impl RunningWorker {
    /// A local worker.
    pub(crate) fn start(server: &ScriptedServer) -> Self {
        Self::start_with(settings(&server.url(), true))
    }

    /// A worker on some other host.
    pub(crate) fn start_external(server: &ScriptedServer) -> Self {
        Self::start_with(settings(&server.url(), false))
    }

    pub(crate) fn start_with(settings: Settings) -> Self {
        let (drain, asked) = watch::channel(false);
        let (exited, exit) = oneshot::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _ = exited.send(runtime.block_on(work(settings, asked)));
        });
        Self { drain, exit }
    }

    /// What SIGTERM does.
    pub(crate) fn drain(&self) {
        self.drain.send_replace(true);
    }

    pub(crate) async fn exit_code(&mut self) -> u8 {
        timeout(PATIENCE, &mut self.exit).await.expect("the worker leaves in time").unwrap()
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.drain();
    }
}

/// Quick settings.
pub(crate) fn settings(server_url: &str, death_is_certain: bool) -> Settings {
    let quick = Pace { first: Duration::from_millis(5), most: Duration::from_millis(20) };
    Settings {
        server_pace: quick,
        model_pace: quick,
        drain_grace: Duration::from_millis(300),
        ..Settings::new(server_url, Secret::new("cxw_token"), death_is_certain, std::env::temp_dir())
    }
}
