//! `connix serve`: from the settings to a server that answers, and to its orderly end.

use std::io::{Write, stdout};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use connix_application::{App, FirstStart, Supervisor};
use connix_domain::port::runtime::AgentRuntime;
use connix_http::server::{self, Running, Serving, Stop};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::data_folder::{DataFolder, ServerLock};
use crate::installation::{Installation, Purpose};
use crate::settings::{HttpUrl, Settings};
use crate::{logging, wiring};

/// Agents have this long to end what they do, and requests that long after them: together, with what a stop costs beside,
/// below the 20 s of contract section 12.
const AGENTS_GRACE: Duration = Duration::from_secs(10);
const REQUESTS_GRACE: Duration = Duration::from_secs(5);
/// What is on its way to the store has this long to arrive.
const STORE_GRACE: Duration = Duration::from_secs(3);

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// What kept it from starting, or ended it.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    logging::start(&settings.log);
    let mut signals = Signals::handled()?;
    // a task of its own: parts of the start hold their thread, and what is cut off leaves nothing behind but whole transactions
    let mut starting = tokio::spawn(start(settings));
    let started = tokio::select! {
        started = &mut starting => started??,
        name = signals.next() => {
            tracing::info!(signal = name, "the server leaves before it has started");
            starting.abort();
            return Ok(());
        }
    };
    serve(started, signals).await
}

/// A server that is ready to serve.
struct Started {
    settings: Settings,
    address: SocketAddr,
    runtime: Arc<dyn AgentRuntime>,
    installation: Installation,
    first_start: Option<FirstStart>,
    supervisor: Supervisor,
    running: Running,
    _lock: ServerLock,
}

/// Opens everything. No agent is launched yet.
async fn start(mut settings: Settings) -> anyhow::Result<Started> {
    let folder = DataFolder::open(&settings.data_dir)?;
    let lock = folder.lock()?;
    let api = listen("server.listen", settings.server.listen).await?;
    let operations = listen("operations.listen", settings.operations.listen).await?;
    let address = api.local_addr()?;
    settings.server.public_url.get_or_insert_with(|| HttpUrl::of_listener(address));

    let metrics = wiring::metrics();
    let runtime = wiring::runtime(&settings, &folder, address)?;
    let opening = Installation::open(&settings, &folder, metrics.clone(), runtime.clone(), Purpose::Serving);
    let installation = opening.await?;
    let first_start = installation.app.first_start().await?;
    let supervisor = Supervisor::new(installation.app.clone());
    supervisor.recover().await?;
    installation.app.look_at_tools_first().await;

    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let serving = Serving { threads, grace: REQUESTS_GRACE };
    let served = wiring::served(&settings, installation.app.clone(), metrics);
    let running = server::serve(served, api, operations, serving)?;
    Ok(Started { settings, address, runtime, installation, first_start, supervisor, running, _lock: lock })
}

/// Serves, until it is asked to end or a part of it ends by itself.
async fn serve(started: Started, mut signals: Signals) -> anyhow::Result<()> {
    let Started { settings, address, runtime, installation, first_start, supervisor, running, _lock } = started;
    let Installation { app, limits, database } = installation;
    let stop = running.stop();
    let mut serving = tokio::spawn(running.ended());
    let mut supervising = tokio::spawn(async move { supervisor.run().await });
    let looking = app.clone();
    let looking = tokio::spawn(async move { looking.keep_looking_at_tools().await });
    announce(&settings, address, first_start.as_ref())?;

    tokio::select! {
        ended = &mut serving => {
            ended?.context("the listeners ended")?;
            bail!("the listeners ended by themselves");
        }
        ended = &mut supervising => return Err(ended.err().map_or_else(|| anyhow!("the supervisor ended"), Into::into)),
        name = signals.next() => tracing::info!(signal = name, "the server leaves"),
    }
    looking.abort();
    leave(&app, runtime.as_ref(), &stop).await;
    serving.await?.context("the listeners ended")?;
    let closing = async {
        limits.close().await;
        database.close().await;
    };
    if tokio::time::timeout(STORE_GRACE, closing).await.is_err() {
        tracing::warn!("the store does not answer any more; the server ends without it");
    }
    Ok(())
}

/// The order of an end: nothing new is launched, agents end what they do (for which they need the API), then the API ends.
async fn leave(app: &App, runtime: &dyn AgentRuntime, stop: &Stop) {
    app.begin_leaving();
    runtime.shut_down(AGENTS_GRACE).await;
    app.sample_now().await;
    stop.gracefully().await;
}

async fn listen(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    server::listen(address).await.with_context(|| format!("cannot listen on {address} ({setting})"))
}

/// What the operator needs to know, on standard output.
fn announce(settings: &Settings, address: SocketAddr, first: Option<&FirstStart>) -> anyhow::Result<()> {
    let url = settings.server.public_url.clone().unwrap_or_else(|| HttpUrl::of_listener(address));
    tracing::info!(%url, %address, "serving");
    let mut out = stdout().lock();
    writeln!(out, "Connix {} serves {url}", env!("CARGO_PKG_VERSION"))?;
    if let Some(FirstStart { key }) = first {
        writeln!(out, "\nThis first start made the organisation `default` and an API key, which is shown only now:\n")?;
        writeln!(out, "    {}\n", key.expose())?;
    }
    Ok(out.flush()?)
}

/// The signals that ask for an end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn handled() -> anyhow::Result<Self> {
        let handled = |kind| signal(kind).context("signals cannot be handled");
        Ok(Self { terminate: handled(SignalKind::terminate())?, interrupt: handled(SignalKind::interrupt())? })
    }

    /// The next one's name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
