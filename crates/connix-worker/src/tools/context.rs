//! What a running tool has around it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use connix_redaction::Redactor;
use connix_worker_protocol::secret::Secret;
use tokio::sync::watch;
use tokio::time::sleep;

/// A call's surroundings.
pub(crate) struct ToolContext<'a> {
    /// Names the call in its task, for what is kept by call. The model's endpoint chose it: it is no file name.
    pub(crate) call_id: &'a str,
    /// The project's folder, absolute. A tool touches no other file of the project's.
    pub(crate) workspace: &'a Path,
    /// The agent's environment variables, for processes that the tool starts. Secrets.
    pub(crate) environment: &'a BTreeMap<String, Secret>,
    /// How long the call may take, on `clock`.
    pub(crate) time_limit: Duration,
    /// Says when the call is frozen.
    pub(crate) clock: CallClock,
    /// Takes the agent's secrets out of what a program prints.
    pub(crate) redactor: &'a Redactor,
}

impl ToolContext<'_> {
    /// Waits until the call has taken [`ToolContext::time_limit`].
    pub(crate) async fn out_of_time(&self) {
        self.clock.elapsed(self.time_limit).await;
    }
}

/// The time of a call, which stands still while it is frozen: the agent is paused and the grace for finishing is over.
///
/// What a tool started as processes it stops then ([`CallClock::frozen`]) and continues afterwards
/// ([`CallClock::thawed`]).
#[derive(Debug, Clone)]
pub struct CallClock(watch::Receiver<bool>);

impl CallClock {
    /// A clock that is stopped while `frozen` holds true.
    pub fn new(frozen: watch::Receiver<bool>) -> Self {
        Self(frozen)
    }

    /// Waits until the call is frozen; returns at once while it is.
    pub async fn frozen(&self) {
        self.until(true).await;
    }

    /// Waits until the call is not frozen; returns at once while it is not.
    pub async fn thawed(&self) {
        self.until(false).await;
    }

    /// Waits until the call has run for `limit` from now on.
    pub async fn elapsed(&self, limit: Duration) {
        let mut left = limit;
        loop {
            self.thawed().await;
            let since = Instant::now();
            tokio::select! {
                () = sleep(left) => return,
                () = self.frozen() => left = left.saturating_sub(since.elapsed()),
            }
        }
    }

    async fn until(&self, frozen: bool) {
        if self.0.clone().wait_for(|now| *now == frozen).await.is_err() && *self.0.borrow() != frozen {
            std::future::pending::<()>().await; // whoever freezes is gone, and drops this wait
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frozen_time_does_not_count() {
        let freezer = watch::Sender::new(false);
        let clock = CallClock::new(freezer.subscribe());
        let started = Instant::now();
        let pause = async {
            freezer.send_replace(true);
            sleep(Duration::from_millis(80)).await;
            freezer.send_replace(false);
        };
        tokio::join!(clock.elapsed(Duration::from_millis(40)), pause);
        assert!(started.elapsed() >= Duration::from_millis(120), "{:?}", started.elapsed());
    }
}
