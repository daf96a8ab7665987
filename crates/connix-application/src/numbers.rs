//! Integer project ids, taken from the store in blocks, so that making a project costs no extra statement.

use crate::error::Error;
use connix_domain::port::store::ServiceReader;
use tokio::sync::Mutex;

/// A process takes so many at once; what it does not use is lost.
const BLOCK: i64 = 16;

/// Integers that are still free in this process's block.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    free: Mutex<std::ops::Range<i64>>,
}

impl Numbers {
    /// An integer that no other project has or will have.
    pub(crate) async fn next(&self, store: &dyn ServiceReader) -> Result<i64, Error> {
        let mut free = self.free.lock().await;
        if let Some(number) = free.next() {
            return Ok(number);
        }
        let first = store.reserve_project_numbers(BLOCK).await?;
        *free = first + 1..first + BLOCK;
        Ok(first)
    }
}
