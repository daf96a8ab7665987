//! Freezes a running tool call when the agent has been paused for longer than the grace, and thaws it afterwards.

use std::cell::Cell;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::session::Session;
use crate::session::orders::Duty;
use crate::tools::CallClock;

/// Says to one call when it is frozen.
pub(super) struct Freezer {
    frozen: watch::Sender<bool>,
    since: Cell<Option<Instant>>,
    total: Cell<Duration>,
}

impl Freezer {
    /// With the clock that it stops.
    pub(super) fn new() -> (Self, CallClock) {
        let frozen = watch::Sender::new(false);
        let clock = CallClock::new(frozen.subscribe());
        (Self { frozen, since: Cell::new(None), total: Cell::new(Duration::ZERO) }, clock)
    }

    /// Follows the server's orders, until it is dropped.
    pub(super) async fn follow(&self, session: &Session) -> Infallible {
        let mut orders = session.orders.clone();
        let mut freeze_at = None;
        loop {
            match orders.duty() {
                Duty::Park => _ = freeze_at.get_or_insert_with(|| Instant::now() + session.pause_grace),
                // A pause stands until a server that is heard takes it back.
                Duty::WaitForServer => {}
                Duty::Work | Duty::Drain | Duty::Leave(_) => freeze_at = None,
            }
            let is_due = freeze_at.is_some_and(|at| at <= Instant::now());
            self.set(is_due);
            session.status.park(is_due);
            orders.news_or(freeze_at.filter(|_| !*self.frozen.borrow())).await;
        }
    }

    /// How long the call has been frozen in all.
    pub(super) fn frozen_for(&self) -> Duration {
        self.total.get() + self.since.get().map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn set(&self, frozen: bool) {
        match (frozen, self.since.get()) {
            (true, None) => self.since.set(Some(Instant::now())),
            (false, Some(_)) => {
                self.total.set(self.frozen_for());
                self.since.set(None);
            }
            _ => {}
        }
        self.frozen.send_replace(frozen);
    }
}
