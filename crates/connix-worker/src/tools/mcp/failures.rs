//! Servers that could not be used a moment ago: no task waits for them again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fault::McpFault;

/// A server that could not be used is tried again after this long.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// What went wrong, and when.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) fault: McpFault,
    since: Instant,
}

impl Failure {
    pub(super) fn now(fault: McpFault) -> Self {
        Self { fault, since: Instant::now() }
    }

    /// Whether it is long enough ago to try again.
    pub(super) fn is_over(&self) -> bool {
        self.since.elapsed() >= TRY_AGAIN
    }
}

/// The last failure of each server, for all attempts of a session.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<BTreeMap<String, Failure>>);

impl Failures {
    /// That of a server, unless it is over.
    pub(super) fn of(&self, server: &str) -> Option<Failure> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(server).filter(|failure| !failure.is_over()).cloned()
    }

    /// Takes in how trying a server went.
    pub(super) fn note(&self, server: &str, failure: Option<&Failure>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(failure) => known.insert(server.to_owned(), failure.clone()),
            None => known.remove(server),
        };
    }
}
