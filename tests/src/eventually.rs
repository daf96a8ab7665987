//! Waiting for a condition instead of for the clock.

use std::time::Duration;

use tokio::time::Instant;

/// Longest time a condition may take to come true on a busy two-core machine.
const LIMIT: Duration = Duration::from_secs(45);
/// Pause before the second look; each later one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// Looks until `probe` finds something, and returns it; fails the test, naming `what` was awaited, when nothing came in time.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {LIMIT:?} in vain for: {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
