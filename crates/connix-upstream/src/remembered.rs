//! A document of the provider that is kept for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// A document that is fetched when it is needed. One at a time fetches it; those who wait are given what came of it, also a
/// failure, so that a provider that is slow is not asked by one after the other.
pub(crate) struct Remembered<T> {
    kept: Mutex<Option<Kept<T>>>,
    lifetime: Duration,
    pause: Duration,
}

struct Kept<T> {
    outcome: Result<Arc<T>, String>,
    at: Instant,
}

impl<T> Remembered<T> {
    /// Kept for `lifetime`; one that does not suffice, or a failure, is not asked for again within `pause`.
    pub(crate) fn new(lifetime: Duration, pause: Duration) -> Self {
        Self { kept: Mutex::new(None), lifetime, pause }
    }

    /// The document; a new one when the one that is kept does not suffice.
    ///
    /// # Errors
    /// What `fetch` said last.
    pub(crate) async fn get<E: ToString>(
        &self,
        suffices: impl FnOnce(&T) -> bool,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, String> {
        let mut kept = self.kept.lock().await;
        if let Some(Kept { outcome, at }) = kept.as_ref() {
            let age = at.elapsed();
            let good = outcome.as_ref().is_ok_and(|document| age < self.lifetime && suffices(document));
            if good || age < self.pause {
                return outcome.clone();
            }
        }
        let outcome = fetch.await.map(Arc::new).map_err(|error| error.to_string());
        *kept = Some(Kept { outcome: outcome.clone(), at: Instant::now() });
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    async fn ask(of: &Remembered<i32>, suffices: bool, next: Result<i32, &str>) -> Result<i32, String> {
        of.get(|_| suffices, async { next }).await.map(|document| *document)
    }

    #[tokio::test]
    async fn a_document_is_kept_and_fetched_anew_when_it_does_not_suffice_or_is_old() {
        let of = Remembered::new(LONG, Duration::ZERO);
        assert_eq!(ask(&of, true, Ok(1)).await, Ok(1));
        assert_eq!(ask(&of, true, Ok(2)).await, Ok(1));
        assert_eq!(ask(&of, false, Ok(3)).await, Ok(3));
        let of = Remembered::new(Duration::ZERO, Duration::ZERO);
        assert_eq!(ask(&of, true, Ok(1)).await, Ok(1));
        assert_eq!(ask(&of, true, Ok(2)).await, Ok(2));
    }

    #[tokio::test]
    async fn whatever_came_is_not_asked_for_again_at_once() {
        let of = Remembered::new(LONG, LONG);
        assert_eq!(ask(&of, true, Err("no answer")).await, Err("no answer".to_owned()));
        assert_eq!(ask(&of, false, Ok(1)).await, Err("no answer".to_owned()));
        let of = Remembered::new(LONG, LONG);
        assert_eq!(ask(&of, true, Ok(1)).await, Ok(1));
        assert_eq!(ask(&of, false, Ok(2)).await, Ok(1));
    }

    #[tokio::test]
    async fn after_a_failure_it_is_asked_for_again() {
        let of = Remembered::new(LONG, Duration::ZERO);
        assert_eq!(ask(&of, true, Err("no answer")).await, Err("no answer".to_owned()));
        assert_eq!(ask(&of, true, Ok(1)).await, Ok(1));
    }
}
