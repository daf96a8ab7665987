//! Budgets in memory.

use async_trait::async_trait;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::port::store::ReadError;
use connix_domain::rate_limit::{Account, Claim, Verdict};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Budgets in memory that never forget a subject: for tests of what stands above the ports.
pub struct MemoryLimits {
    accounts: Mutex<HashMap<String, Account>>,
    clock: Arc<dyn Clock>,
}

impl MemoryLimits {
    /// Budgets whose windows go by a clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { accounts: Mutex::default(), clock }
    }

    fn with<T>(&self, subject: &str, act: impl FnOnce(&mut Account) -> T) -> T {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        act(accounts.entry(subject.to_owned()).or_default())
    }
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn take(&self, subject: &str, claims: &[Claim]) -> Result<Verdict, ReadError> {
        Ok(self.with(subject, |account| account.draw_alone(claims, self.clock.now())))
    }
    async fn charge(&self, subject: &str, tokens: i64) -> Result<(), ReadError> {
        self.with(subject, |account| account.charge_alone(tokens, self.clock.now()));
        Ok(())
    }
    async fn close(&self) {}
}
