//! The wall clock, for time stamps alone; durations are counted on the monotonic clock.

use chrono::{DateTime, SubsecRound, Utc};

/// The present moment to the microsecond, as everything in Connix is kept.
#[expect(clippy::disallowed_methods, reason = "the worker is a program of its own, without the domain's Clock port")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
