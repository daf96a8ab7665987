//! What ends an attempt from outside, and what holds it at a step boundary.

use std::time::{Duration, Instant};

use connix_worker_protocol::task::ReleaseReason;

use super::outcome::Outcome;
use crate::session::Session;
use crate::session::leave::Leave;
use crate::session::orders::Duty;

impl Session {
    /// Waits until `task` is somebody else's or nobody's: lost, abandoned, or the whole session over. Nothing can be
    /// reported about it then.
    pub(super) async fn forfeited(&self, task: &str) -> Outcome {
        let mut orders = self.orders.clone();
        loop {
            if let Some(leave) = orders.look().leave {
                return Outcome::Left(leave);
            }
            if orders.look().is_lost(task) || orders.is_abandoned() {
                return Outcome::Dropped;
            }
            let abandoned_at = orders.abandoned_at();
            orders.news_or(abandoned_at).await;
        }
    }

    /// Waits until work on `task` shall end although it is still this worker's: cancelled, or the worker is told to
    /// leave and the grace for finishing is over.
    pub(super) async fn called_off(&self, task: &str) -> Outcome {
        let mut orders = self.orders.clone();
        let mut drained_by = None;
        loop {
            match orders.duty() {
                Duty::Leave(Leave::Told) => return Outcome::Released(ReleaseReason::Stop),
                Duty::Drain => {
                    self.status.drain();
                    let now = Instant::now();
                    if *drained_by.get_or_insert(now + self.drain_grace) <= now {
                        return Outcome::Released(ReleaseReason::Drain);
                    }
                }
                Duty::Work | Duty::Park | Duty::WaitForServer | Duty::Leave(_) => {}
            }
            if orders.look().is_cancelled(task) {
                return Outcome::Cancelled;
            }
            orders.news_or(drained_by).await;
        }
    }

    /// Waits until a heartbeat that lists the task has been answered: no step runs on a lease that was never renewed.
    pub(super) async fn lease_confirmed(&self, status_version: u64) {
        let is_newer = |known: u64| known >= status_version;
        self.orders.clone().until(|orders| orders.confirmed_status.is_some_and(is_newer)).await;
    }

    /// The boundary before each step: passes while there is leave to start one, and parks until then. Returns how long
    /// a pause held it, by which the task's deadline moves.
    pub(super) async fn step_boundary(&self) -> Duration {
        let mut orders = self.orders.clone();
        let mut paused = Duration::ZERO;
        loop {
            let duty = orders.duty();
            match duty {
                Duty::Work | Duty::Drain => {
                    self.status.park(false);
                    return paused;
                }
                Duty::Park => self.status.park(true),
                Duty::WaitForServer | Duty::Leave(_) => {}
            }
            let since = Instant::now();
            orders.news().await;
            if duty == Duty::Park {
                paused += since.elapsed();
            }
        }
    }
}
