//! The store and the budgets in memory pass their contracts.

use async_trait::async_trait;
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_testkit::contract::Shared;
use connix_testkit::limits_contract::LimitsSubject;
use connix_testkit::{MemoryLimits, MemoryStore};
use std::sync::Arc;

async fn fresh() -> Shared {
    Shared(Arc::new(MemoryStore::new()))
}

connix_testkit::store_contract!(fresh);

struct Budgets;

#[async_trait]
impl LimitsSubject for Budgets {
    async fn open(&self, clock: Arc<dyn Clock>) -> Vec<Arc<dyn Limits>> {
        vec![Arc::new(MemoryLimits::new(clock))]
    }
}

async fn budgets() -> Budgets {
    Budgets
}

mod limits {
    use super::budgets;

    connix_testkit::limits_contract!(budgets);
}
