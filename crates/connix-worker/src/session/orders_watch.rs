//! Reading the orders without missing a change.

use std::time::Instant;

use tokio::sync::watch::{Receiver, Ref};
use tokio::time::sleep_until;

use super::lease::{LeaseLadder, Rung};
use super::orders::{Duty, Orders};

/// A reader of the [`Orders`]. Each loop has a clone of its own, in which [`OrdersWatch::look`] marks what was seen: a
/// change between a look and the wait that follows ends that wait at once.
#[derive(Debug, Clone)]
pub(crate) struct OrdersWatch {
    orders: Receiver<Orders>,
    ladder: LeaseLadder,
}

impl OrdersWatch {
    pub(crate) fn new(orders: Receiver<Orders>, ladder: LeaseLadder) -> Self {
        Self { orders, ladder }
    }

    /// The orders now.
    pub(crate) fn look(&mut self) -> Ref<'_, Orders> {
        self.orders.borrow_and_update()
    }

    /// What to do now.
    pub(crate) fn duty(&mut self) -> Duty {
        let ladder = self.ladder;
        self.look().duty(&ladder, Instant::now())
    }

    /// Whether the leases must be taken for lost.
    pub(crate) fn is_abandoned(&mut self) -> bool {
        let ladder = self.ladder;
        ladder.rung(self.look().renewed_at.elapsed()) == Rung::Abandoned
    }

    /// When they will have to be, if no heartbeat succeeds until then.
    pub(crate) fn abandoned_at(&mut self) -> Option<Instant> {
        let after = self.ladder.abandon_after()?;
        Some(self.look().renewed_at + after)
    }

    /// Waits until there are orders that fulfil the condition.
    pub(crate) async fn until(&mut self, condition: impl FnMut(&Orders) -> bool) {
        if self.orders.wait_for(condition).await.is_err() {
            silence().await;
        }
    }

    /// Waits for a heartbeat after the last look, whatever it brought.
    pub(crate) async fn news(&mut self) {
        if self.orders.changed().await.is_err() {
            silence().await;
        }
    }

    /// Like [`OrdersWatch::news`], but not longer than until `moment`.
    pub(crate) async fn news_or(&mut self, moment: Option<Instant>) {
        let Some(moment) = moment else { return self.news().await };
        tokio::select! {
            () = self.news() => {}
            () = sleep_until(moment.into()) => {}
        }
    }
}

/// Nobody writes orders any more: the session is being taken down, and whoever does that drops this wait.
async fn silence() {
    std::future::pending().await
}
