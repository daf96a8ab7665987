//! Waiting for a condition instead of for the clock.

use std::time::Duration;

use tokio::time::Instant;

/// Longest time a condition may take to come true on a busy two-core machine.
const LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `probe` finds something, and returns it; fails the test, naming `what` was awaited, when nothing came in time.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {LIMIT:?} in vain for: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
