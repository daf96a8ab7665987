//! The lease ladder: what a worker may still do when it has not been heard for a while (`runtime.md` 2.4).
//!
//! The server gives a task to another worker when its lease runs out. Counted on the worker's own monotonic clock, from
//! *before* the last successful heartbeat was sent, a worker steps down well ahead of that: after half the lease it
//! starts nothing new; after five sixths it abandons what it has, unless the server can be sure of its death anyway.

use std::time::Duration;

/// When to step down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeaseLadder {
    park_after: Duration,
    abandon_after: Option<Duration>,
}

/// What the worker may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rung {
    /// Everything.
    Working,
    /// Finish the step, start none.
    Parked,
    /// Nothing; its tasks may be somebody else's any moment.
    Abandoned,
}

impl LeaseLadder {
    /// `death_is_certain`: the server launches no successor before it has seen this process end, so that nothing needs
    /// to be abandoned.
    pub(crate) fn new(lease: Duration, death_is_certain: bool) -> Self {
        Self { park_after: lease / 2, abandon_after: (!death_is_certain).then(|| lease * 5 / 6) }
    }

    /// The rung this long after the last renewal.
    pub(crate) fn rung(&self, since_renewal: Duration) -> Rung {
        match self.abandon_after {
            Some(limit) if since_renewal >= limit => Rung::Abandoned,
            _ if since_renewal >= self.park_after => Rung::Parked,
            _ => Rung::Working,
        }
    }

    /// How long after the last renewal everything is abandoned; `None` when it never is.
    pub(crate) fn abandon_after(&self) -> Option<Duration> {
        self.abandon_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    fn rungs(ladder: LeaseLadder) -> Vec<Rung> {
        [0, 14, 15, 24, 25, 29].map(|seconds| ladder.rung(Duration::from_secs(seconds))).to_vec()
    }

    #[test]
    fn a_worker_out_of_reach_parks_after_15_s_and_abandons_after_25_s_of_a_30_s_lease() {
        use Rung::{Abandoned, Parked, Working};
        assert_eq!(rungs(LeaseLadder::new(LEASE, false)), [Working, Working, Parked, Parked, Abandoned, Abandoned]);
    }

    #[test]
    fn a_local_worker_stays_parked() {
        use Rung::{Parked, Working};
        assert_eq!(rungs(LeaseLadder::new(LEASE, true)), [Working, Working, Parked, Parked, Parked, Parked]);
    }

    #[test]
    fn everything_is_abandoned_before_the_lease_ends() {
        assert!(LeaseLadder::new(LEASE, false).abandon_after().is_some_and(|limit| limit < LEASE));
    }
}
