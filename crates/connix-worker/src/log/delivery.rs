//! Bringing log lines to the server.

use std::time::Duration;

use connix_worker_protocol::log::LogsAccepted;

use super::AgentLog;
use crate::backoff::{Backoff, Pace};
use crate::server::{CallError, ServerClient};

/// Lines written within this time go together. Below the half second after which every line has been sent.
const GATHER: Duration = Duration::from_millis(200);

impl AgentLog {
    /// Delivers lines for ever. May be dropped at any moment: what was not acknowledged is sent again.
    pub(crate) async fn deliver(&self, server: &ServerClient, session_id: &str, pace: Pace) {
        let mut backoff = Backoff::new(pace);
        loop {
            self.written.notified().await;
            tokio::time::sleep(GATHER).await;
            while let Err(CallError::Transient { retry_after, .. }) = self.flush(server, session_id).await {
                tokio::time::sleep(backoff.failed(retry_after)).await;
            }
            backoff.succeeded();
        }
    }

    /// Sends all that waits.
    ///
    /// # Errors
    /// [`CallError::Transient`] when the rest has to be tried again; what the server refuses for another reason is
    /// dropped, since a log must not end its worker.
    pub(crate) async fn flush(&self, server: &ServerClient, session_id: &str) -> Result<(), CallError> {
        loop {
            let Some(batch) = self.buffer().batch() else { return Ok(()) };
            match server.logs(session_id, &batch).await {
                Ok(LogsAccepted { accepted_through }) if accepted_through >= batch.first_seq => {
                    self.buffer().accepted(accepted_through);
                }
                Err(error @ CallError::Transient { .. }) => return Err(error),
                refused => {
                    tracing::warn!(?refused, "log lines were not accepted");
                    self.buffer().refused();
                    return Ok(());
                }
            }
        }
    }
}
