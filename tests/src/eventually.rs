//! Waiting for a condition instead of for the clock.

use std::time::Duration;

use tokio::time::Instant;

/// Longest time a condition may take to come true on a busy two-core machine.
const LIMIT: Duration = Duration::from_secs(45);
/// Pause before the second look; each later one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// Looks until `probe` finds something, and returns it; fails the test, naming `what` was awaited, when nothing came in time.
pub async fn eventually<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(LIMIT, what, probe).await
}

/// The same for what takes its time: at most `limit`.
pub async fn eventually_within<T>(limit: Duration, what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for: {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
