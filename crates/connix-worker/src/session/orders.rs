//! What the worker knows of the server's will, written by the heartbeat thread and read by the worker's loop.

use std::time::Instant;

use connix_worker_protocol::session::{Desired, Directives};

use super::lease::{LeaseLadder, Rung};
use super::leave::Leave;

/// The newest directives and when they came.
#[derive(Debug, Clone)]
pub(crate) struct Orders {
    desired: Desired,
    /// The process itself was asked to end (SIGTERM).
    asked_to_drain: bool,
    pub(crate) config_revision: i64,
    cancel: Vec<String>,
    lost: Vec<String>,
    /// When the last successful heartbeat was sent.
    pub(crate) renewed_at: Instant,
    /// The status version that heartbeat carried.
    pub(crate) confirmed_status: Option<u64>,
    pub(crate) leave: Option<Leave>,
}

/// What the worker's loop has to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Claim and run tasks.
    Work,
    /// Start nothing until told otherwise.
    Park,
    /// Start nothing until the server is heard again.
    WaitForServer,
    /// Bring to an end what fits into the grace, then leave.
    Drain,
    /// Leave now.
    Leave(Leave),
}

impl Orders {
    /// Before the first heartbeat: work, on the strength of the hello that was sent at `hello_at`.
    pub(crate) fn at_hello(config_revision: i64, hello_at: Instant) -> Self {
        Self {
            desired: Desired::Run,
            asked_to_drain: false,
            config_revision,
            cancel: Vec::new(),
            lost: Vec::new(),
            renewed_at: hello_at,
            confirmed_status: None,
            leave: None,
        }
    }

    /// A heartbeat that was sent at `sent_at` with this status version has been answered.
    pub(crate) fn renew(&mut self, directives: Directives, sent_at: Instant, status_version: u64) {
        self.desired = directives.desired;
        self.config_revision = self.config_revision.max(directives.config_revision);
        self.cancel = directives.cancel;
        self.lost = directives.lost;
        self.renewed_at = sent_at;
        self.confirmed_status = Some(status_version);
    }

    pub(crate) fn drain_asked(&mut self) {
        self.asked_to_drain = true;
    }

    pub(crate) fn is_cancelled(&self, task: &str) -> bool {
        self.cancel.iter().any(|id| id == task)
    }

    pub(crate) fn is_lost(&self, task: &str) -> bool {
        self.lost.iter().any(|id| id == task)
    }

    /// What to do at `now`.
    pub(crate) fn duty(&self, ladder: &LeaseLadder, now: Instant) -> Duty {
        if let Some(leave) = self.leave {
            return Duty::Leave(leave);
        }
        if self.desired == Desired::Exit {
            return Duty::Leave(Leave::Told);
        }
        if self.asked_to_drain || self.desired == Desired::Drain {
            return Duty::Drain;
        }
        if ladder.rung(now.saturating_duration_since(self.renewed_at)) != Rung::Working {
            return Duty::WaitForServer;
        }
        if self.desired == Desired::Pause { Duty::Park } else { Duty::Work }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LADDER_LEASE: Duration = Duration::from_secs(30);

    fn orders(desired: Desired) -> (Orders, Instant) {
        let start = Instant::now();
        let mut orders = Orders::at_hello(1, start);
        orders.desired = desired;
        (orders, start)
    }

    fn duty(desired: Desired, change: impl FnOnce(&mut Orders), after: u64) -> Duty {
        let (mut orders, start) = orders(desired);
        change(&mut orders);
        orders.duty(&LeaseLadder::new(LADDER_LEASE, false), start + Duration::from_secs(after))
    }

    #[test]
    fn the_server_decides_while_it_is_heard() {
        assert_eq!(duty(Desired::Run, |_| (), 1), Duty::Work);
        assert_eq!(duty(Desired::Pause, |_| (), 1), Duty::Park);
        assert_eq!(duty(Desired::Drain, |_| (), 1), Duty::Drain);
        assert_eq!(duty(Desired::Exit, |_| (), 1), Duty::Leave(Leave::Told));
    }

    #[test]
    fn nothing_new_is_started_when_it_is_not_heard() {
        assert_eq!(duty(Desired::Run, |_| (), 15), Duty::WaitForServer);
    }

    #[test]
    fn leaving_wins_over_draining_and_draining_over_waiting() {
        assert_eq!(duty(Desired::Run, Orders::drain_asked, 20), Duty::Drain);
        assert_eq!(duty(Desired::Drain, |o| o.leave = Some(Leave::Fenced), 1), Duty::Leave(Leave::Fenced));
    }
}
