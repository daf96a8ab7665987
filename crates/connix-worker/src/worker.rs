//! The worker's loop: hello, then claim and work until there is a reason to leave.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connix_outbound::Traffic;
use connix_worker_protocol::log::LogLevel;
use connix_worker_protocol::session::{EndSession, Hello, Welcome};
use connix_worker_protocol::task::ClaimedTask;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::backoff::{Backoff, Pace};
use crate::log::AgentLog;
use crate::model::ChatEndpoint;
use crate::redaction::Redaction;
use crate::sandbox::Sandbox;
use crate::server::{CallError, ServerClient, persist};
use crate::session::Session;
use crate::session::configuration::Configuration;
use crate::session::heartbeat::{Heart, first_intervals};
use crate::session::lease::LeaseLadder;
use crate::session::leave::Leave;
use crate::session::orders::{Duty, Orders};
use crate::session::orders_watch::OrdersWatch;
use crate::session::status::StatusBoard;
use crate::settings::Settings;
use crate::task;
use crate::tools::Supplies;

/// Time for the last log lines and the good-bye.
const FAREWELL: Duration = Duration::from_secs(2);

/// Works until there is a reason to leave; `drain` becoming true is one. Returns one of
/// [`connix_worker_protocol::exit_code`]. Must run on a current-thread runtime or inside `block_on`: it is not `Send`.
pub async fn work(settings: Settings, mut drain: watch::Receiver<bool>) -> u8 {
    let client = match ServerClient::new(&settings.server_url, settings.token.clone()) {
        Ok(client) => client,
        Err(cause) => {
            tracing::error!(%cause, "the server's address cannot be used");
            return connix_worker_protocol::exit_code::USAGE;
        }
    };
    let welcomed = tokio::select! {
        welcomed = greet(&client, settings.server_pace) => welcomed,
        () = asked(&mut drain) => Err(Leave::Told),
    };
    let leave = match welcomed {
        Ok((welcome, hello_at)) => serve(&settings, client, welcome, hello_at, drain).await,
        Err(leave) => leave,
    };
    tracing::info!(reason = leave.reason(), "the worker leaves");
    leave.exit_code()
}

async fn greet(client: &ServerClient, pace: Pace) -> Result<(Welcome, Instant), Leave> {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let hello = Hello { nonce, worker_version: env!("CARGO_PKG_VERSION").to_owned(), slots: 1 };
    persist(pace, async || {
        let sent_at = Instant::now();
        client.hello(&hello).await.map(|welcome| (welcome, sent_at))
    })
    .await
    .map_err(|error| {
        tracing::error!(%error, "the server does not welcome this worker");
        Leave::because_of(&error).unwrap_or(Leave::Internal)
    })
}

async fn serve(
    settings: &Settings,
    server: ServerClient,
    welcome: Welcome,
    hello_at: Instant,
    mut drain: watch::Receiver<bool>,
) -> Leave {
    tracing::info!(agent = welcome.agent_id, incarnation = welcome.incarnation, "the worker is ready");
    let orders = watch::Sender::new(Orders::at_hello(welcome.config_revision, hello_at));
    let session = match open(settings, server, welcome, &orders) {
        Ok(session) => session,
        Err(cause) => {
            tracing::error!(%cause, "the heartbeat cannot start");
            return Leave::Internal;
        }
    };
    let pass_on_drain = async {
        asked(&mut drain).await;
        orders.send_modify(Orders::drain_asked);
        std::future::pending::<Leave>().await
    };
    let deliver_logs = async {
        session.log.deliver(&session.server, &session.id, settings.server_pace).await;
        std::future::pending::<Leave>().await
    };
    let leave = tokio::select! {
        leave = session.work() => leave,
        leave = session.keep_configuration_current() => leave,
        leave = pass_on_drain => leave,
        leave = deliver_logs => leave,
    };
    if leave.says_good_bye() {
        session.say_good_bye(leave).await;
    }
    leave
}

fn open(
    settings: &Settings,
    server: ServerClient,
    welcome: Welcome,
    orders: &watch::Sender<Orders>,
) -> std::io::Result<Session> {
    let (interval, lease) = first_intervals(&welcome);
    let traffic = Traffic::default();
    let sandbox = Sandbox::new(
        welcome.tools.sandbox.clone(),
        settings.workspace.clone(),
        &welcome.project_id,
        settings.instance.clone(),
    );
    let sandbox = sandbox.kept_by(settings.keeper.clone());
    // Only a server makes folders for projects; whoever starts a worker himself does so where he likes.
    let sandbox = if settings.death_is_certain { sandbox } else { sandbox.in_its_owner_s_folder() };
    let redaction = Redaction::of(&welcome.config);
    let session = Session {
        id: welcome.session_id,
        server,
        server_pace: settings.server_pace,
        model_pace: settings.model_pace,
        drain_grace: settings.drain_grace,
        pause_grace: settings.pause_grace,
        claim_wait: Duration::from_millis(welcome.intervals.claim_wait_ms),
        limits: welcome.limits,
        status: StatusBoard::new(welcome.config_revision),
        orders: OrdersWatch::new(orders.subscribe(), LeaseLadder::new(lease, settings.death_is_certain)),
        configuration: Configuration::new(welcome.config_revision, welcome.config),
        model: ChatEndpoint::new(&welcome.llm, traffic.clone()),
        log: AgentLog::new(Arc::clone(&redaction)),
        redaction,
        refusals: task::Refusals::default(),
        tools: Supplies::new(welcome.tools, traffic.clone(), sandbox),
        workspace: settings.workspace.clone(),
    };
    let details = json!({"incarnation": welcome.incarnation, "worker_version": env!("CARGO_PKG_VERSION")});
    session.log.write(LogLevel::Info, "Worker ready", details, None);
    let heart = Heart {
        server_url: settings.server_url.clone(),
        token: settings.token.clone(),
        session_id: session.id.clone(),
        interval,
        lease,
        pace: settings.server_pace,
        status: session.status.subscribe(),
        orders: orders.clone(),
        traffic,
        measures_itself: !settings.death_is_certain,
    };
    heart.start().map(|()| session)
}

impl Session {
    /// Does its duty until it is to leave.
    async fn work(&self) -> Leave {
        let mut orders = self.orders.clone();
        let mut backoff = Backoff::new(self.server_pace);
        loop {
            match orders.duty() {
                Duty::Leave(leave) => return leave,
                Duty::Drain => return Leave::Told,
                Duty::Park => {
                    self.status.park(true);
                    orders.news().await;
                }
                Duty::WaitForServer => orders.news().await,
                Duty::Work => match self.claim_and_attempt(&mut backoff).await {
                    ControlFlow::Continue(()) => {}
                    ControlFlow::Break(leave) => return leave,
                },
            }
        }
    }

    async fn claim_and_attempt(&self, backoff: &mut Backoff) -> ControlFlow<Leave> {
        match self.claim().await {
            Ok(Some(claimed)) => {
                backoff.succeeded();
                task::attempt(self, claimed).await
            }
            Ok(None) => {
                backoff.succeeded();
                ControlFlow::Continue(())
            }
            Err(CallError::Transient { cause, retry_after }) => {
                tracing::warn!(%cause, "a claim was not answered");
                tokio::time::sleep(backoff.failed(retry_after)).await;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(Leave::because_of(&error).unwrap_or(Leave::Internal)),
        }
    }

    /// A long poll. A pause does not break it off, so that no task is lost in the reply, but is reported at once: the
    /// server gives no task to a paused agent, and one that crosses the pause waits at its first step.
    async fn claim(&self) -> Result<Option<ClaimedTask>, CallError> {
        tokio::select! {
            claimed = self.server.claim(&self.id, self.claim_wait) => claimed,
            () = self.told_to_leave() => Ok(None),
        }
    }

    async fn told_to_leave(&self) {
        let mut orders = self.orders.clone();
        loop {
            match orders.duty() {
                Duty::Leave(_) | Duty::Drain => return,
                duty => self.status.park(duty == Duty::Park),
            }
            orders.news().await;
        }
    }

    /// Delivers the last log lines and ends the session, as far as that is possible in a moment.
    async fn say_good_bye(&self, leave: Leave) {
        let end = EndSession { reason: leave.reason().to_owned(), code: leave.exit_code() };
        let farewell = async {
            let flushed = self.log.flush(&self.server, &self.id).await;
            let ended = self.server.end(&self.id, &end).await;
            tracing::debug!(?flushed, ?ended, "said good-bye");
        };
        if timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("the server did not answer the good-bye");
        }
    }
}

async fn asked(drain: &mut watch::Receiver<bool>) {
    if drain.wait_for(|asked| *asked).await.is_err() {
        std::future::pending::<()>().await; // whoever could ask is gone
    }
}
