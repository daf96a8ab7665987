//! The heartbeat: a thread of its own, with its own runtime and connections, so that nothing the worker does can starve
//! it (LangGraph #7213: a busy loop delayed the heartbeat, and runs were executed twice).
//!
//! Heartbeats are *held*: the server answers when its directives change, so that a pause or a cancel arrives within one
//! round trip. A change of the worker's own status drops the held call and sends the next one at once.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use connix_outbound::Traffic;
use connix_worker_protocol::secret::Secret;
use connix_worker_protocol::session::{Directives, Heartbeat, Welcome};
use tokio::sync::watch;

use super::gauge::Gauge;
use super::leave::Leave;
use super::orders::Orders;
use super::status::Status;
use crate::backoff::{Backoff, Pace};
use crate::server::{CallError, ServerClient};

/// What the thread works with.
pub(crate) struct Heart {
    pub(crate) server_url: String,
    pub(crate) token: Secret,
    pub(crate) session_id: String,
    pub(crate) interval: Duration,
    pub(crate) lease: Duration,
    pub(crate) pace: Pace,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) orders: watch::Sender<Orders>,
    pub(crate) traffic: Traffic,
    /// Whether nobody but the worker itself can measure it.
    pub(crate) measures_itself: bool,
}

impl Heart {
    /// Starts the thread. It ends when the status board is dropped or when the server ends the session.
    pub(crate) fn start(self) -> io::Result<()> {
        thread::Builder::new().name("heartbeat".into()).spawn(move || self.run()).map(drop)
    }

    fn run(self) {
        let leave = match self.prepare() {
            Ok((runtime, client)) => runtime.block_on(Beat::new(&self, client).until_over()),
            Err(cause) => {
                tracing::error!(%cause, "the heartbeat cannot start");
                Some(Leave::Internal)
            }
        };
        self.orders.send_modify(|orders| orders.leave = orders.leave.or(leave));
    }

    fn prepare(&self) -> Result<(tokio::runtime::Runtime, ServerClient), String> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        Ok((runtime, ServerClient::new(&self.server_url, self.token.clone())?))
    }
}

/// The first interval and lease, as the hello told them.
pub(crate) fn first_intervals(welcome: &Welcome) -> (Duration, Duration) {
    (Duration::from_millis(welcome.intervals.heartbeat_ms), Duration::from_millis(welcome.intervals.lease_ms))
}

struct Beat<'a> {
    heart: &'a Heart,
    client: ServerClient,
    gauge: Gauge,
    status: watch::Receiver<Status>,
    backoff: Backoff,
    sequence: i64,
    directives_seen: i64,
    interval: Duration,
    /// How long the server may hold the next one.
    hold: Duration,
}

/// What ended a wait.
enum Woken {
    ByStatus,
    ByTime,
    LoopIsGone,
}

impl<'a> Beat<'a> {
    fn new(heart: &'a Heart, client: ServerClient) -> Self {
        Self {
            heart,
            client,
            gauge: Gauge::new(heart.traffic.clone(), heart.measures_itself),
            status: heart.status.clone(),
            backoff: Backoff::new(heart.pace),
            sequence: 0,
            directives_seen: 0,
            interval: heart.interval,
            hold: Duration::ZERO,
        }
    }

    /// `None` when the worker's loop is gone.
    async fn until_over(mut self) -> Option<Leave> {
        loop {
            let wait = match self.one().await {
                None => Duration::ZERO,
                Some(Ok(wait)) => wait,
                Some(Err(leave)) => return Some(leave),
            };
            match self.rest(wait).await {
                Woken::ByTime => {}
                Woken::ByStatus => self.hold = Duration::ZERO,
                Woken::LoopIsGone => return None,
            }
        }
    }

    /// Sends one heartbeat. `None` when the status changed before its answer; else the time to wait before the next.
    async fn one(&mut self) -> Option<Result<Duration, Leave>> {
        let status = self.status.borrow_and_update().clone();
        self.sequence += 1;
        let heartbeat = Heartbeat {
            seq: self.sequence,
            hold_ms: u64::try_from(self.hold.as_millis()).unwrap_or(u64::MAX),
            state: status.state(),
            applied_revision: status.applied_revision,
            directive_version_seen: self.directives_seen,
            tasks: status.task.into_iter().collect(),
            usage: self.gauge.read(),
        };
        let sent_at = Instant::now();
        let patience = self.heart.lease / 6;
        let answered = tokio::select! {
            answered = self.client.heartbeat(&self.heart.session_id, &heartbeat, patience) => answered,
            changed = self.status.changed() => {
                if changed.is_ok() {
                    self.status.mark_changed(); // not consumed here, but by `rest`
                }
                return None;
            }
        };
        Some(match answered {
            Ok(directives) => Ok(self.heard(directives, sent_at, status.version)),
            Err(error) => self.unheard(&error),
        })
    }

    fn heard(&mut self, directives: Directives, sent_at: Instant, status_version: u64) -> Duration {
        self.backoff.succeeded();
        let unchanged = directives.directive_version == self.directives_seen;
        self.directives_seen = directives.directive_version;
        self.interval = Duration::from_millis(directives.next_interval_ms);
        self.heart.orders.send_modify(|orders| orders.renew(directives, sent_at, status_version));
        let held = std::mem::replace(&mut self.hold, self.interval);
        // A server that was asked to hold the call and did not is not asked more often than it wants.
        let too_early = unchanged && !held.is_zero() && sent_at.elapsed() < held / 2;
        if too_early { self.interval.saturating_sub(sent_at.elapsed()) } else { Duration::ZERO }
    }

    fn unheard(&mut self, error: &CallError) -> Result<Duration, Leave> {
        if let Some(leave) = Leave::because_of(error) {
            tracing::info!(%error, "the session is over");
            return Err(leave);
        }
        self.hold = Duration::ZERO;
        let asked = if let CallError::Transient { retry_after, .. } = error { *retry_after } else { None };
        let wait = self.backoff.failed(asked);
        tracing::warn!(%error, ?wait, "a heartbeat was not answered");
        Ok(wait)
    }

    /// Waits, but not longer than until the status changes.
    async fn rest(&mut self, wait: Duration) -> Woken {
        tokio::select! {
            biased;
            changed = self.status.changed() => {
                // Seen here, sent by the next heartbeat.
                if changed.is_ok() { Woken::ByStatus } else { Woken::LoopIsGone }
            }
            () = tokio::time::sleep(wait) => Woken::ByTime,
        }
    }
}
