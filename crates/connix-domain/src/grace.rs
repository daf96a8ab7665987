//! How long a credential that was replaced goes on working.

use chrono::Duration;

/// A time from now on, at most a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace(Duration);

impl Grace {
    /// The longest, in seconds: a week.
    pub const LONGEST: i64 = 604_800;

    /// So many seconds. `None` unless they are from 0 to [`Self::LONGEST`].
    pub fn seconds(seconds: i64) -> Option<Self> {
        (0..=Self::LONGEST).contains(&seconds).then(|| Self(Duration::seconds(seconds)))
    }
    /// How long it is.
    pub const fn length(self) -> Duration {
        self.0
    }
    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self.0.is_zero()
    }
}

impl Default for Grace {
    /// A day.
    fn default() -> Self {
        Self(Duration::days(1))
    }
}
