//! Names that no other case uses.

use std::sync::atomic::{AtomicU32, Ordering};

/// `prefix` with a number that is used once in this test program.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
