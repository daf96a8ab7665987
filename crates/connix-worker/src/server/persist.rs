//! Repeating a call until the server has answered it.

use super::CallError;
use crate::backoff::{Backoff, Pace};

/// Makes the call again and again while its failure is one that passes. Every call of the protocol may be repeated: the
/// server recognises what it has already accepted.
///
/// # Errors
/// The first failure that does not pass.
pub(crate) async fn persist<T>(pace: Pace, call: impl AsyncFn() -> Result<T, CallError>) -> Result<T, CallError> {
    let mut backoff = Backoff::new(pace);
    loop {
        match call().await {
            Err(CallError::Transient { cause, retry_after }) => {
                let wait = backoff.failed(retry_after);
                tracing::warn!(%cause, ?wait, "a call to the server is repeated");
                tokio::time::sleep(wait).await;
            }
            settled => return settled,
        }
    }
}
