//! Windows aligned to the clock: round minutes and hours.

use super::Policy;
use crate::Timestamp;

/// A window of a policy: `[opens, closes)`, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Its first second.
    pub opens: i64,
    /// The first second after it.
    pub closes: i64,
}

impl Window {
    /// The window of a policy that a moment is in.
    pub fn of(policy: Policy, at: Timestamp) -> Self {
        let opens = at.timestamp().div_euclid(policy.length()) * policy.length();
        Self { opens, closes: opens + policy.length() }
    }

    /// Whole seconds from a moment to its end: rounded up, so that whoever waits for as long is in the next one. At least 1.
    pub fn left(self, at: Timestamp) -> u64 {
        // a second that has begun is not over: closes - at, rounded up, is closes - at rounded down to its second
        (self.closes - at.timestamp()).max(1).unsigned_abs()
    }
}
