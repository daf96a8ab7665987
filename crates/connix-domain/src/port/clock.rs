//! Time and chance as ports, so that tests decide both.

use crate::Timestamp;

/// What time it is.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, cut to microseconds: a store gives back exactly what it was given.
    fn now(&self) -> Timestamp;
}

/// Where identifiers come from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait IdSource: Send + Sync {
    /// 64 random bits.
    fn bits(&self) -> u64;
}
