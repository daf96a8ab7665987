//! Where identifiers come from in tests: counted, so that they are known, or random, so that tests share a store.

use connix_domain::port::clock::IdSource;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// 1, 2, 3, …
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl IdSource for CountingIds {
    fn bits(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// 64 bits that no other test has: a hash under the random keys that the standard library makes for each map.
#[derive(Debug, Default, Clone, Copy)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn bits(&self) -> u64 {
        RandomState::new().hash_one(0)
    }
}

/// 64 random bits.
pub fn chance() -> u64 {
    RandomIds.bits()
}
