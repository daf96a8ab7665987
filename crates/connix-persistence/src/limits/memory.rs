//! Budgets of one process: exact, and forgotten when it ends.

use super::Accounts;
use async_trait::async_trait;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::port::store::ReadError;
use connix_domain::rate_limit::{Account, Claim, Verdict};
use std::sync::{Arc, Mutex, PoisonError};

/// Budgets in memory.
pub struct MemoryLimits {
    accounts: Accounts<Mutex<Account>>,
    clock: Arc<dyn Clock>,
}

impl MemoryLimits {
    /// Budgets whose windows go by a clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let by = Arc::clone(&clock);
        let is_over =
            move |account: &Mutex<Account>| account.lock().unwrap_or_else(PoisonError::into_inner).is_over(by.now());
        Self { accounts: Accounts::new(is_over), clock }
    }

    /// The clock is read under the account's lock: whoever comes later has read it later.
    fn with<T>(&self, subject: &str, act: impl FnOnce(&mut Account, connix_domain::Timestamp) -> T) -> T {
        let account = self.accounts.of(subject);
        let mut account = account.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut account, self.clock.now())
    }
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn take(&self, subject: &str, claims: &[Claim]) -> Result<Verdict, ReadError> {
        Ok(self.with(subject, |account, now| account.draw_alone(claims, now)))
    }
    async fn charge(&self, subject: &str, tokens: i64) -> Result<(), ReadError> {
        self.with(subject, |account, now| account.charge_alone(tokens, now));
        Ok(())
    }
    async fn close(&self) {}
}
