//! The store in memory passes the contract.

use connix_testkit::MemoryStore;
use connix_testkit::contract::Shared;
use std::sync::Arc;

async fn fresh() -> Shared {
    Shared(Arc::new(MemoryStore::new()))
}

connix_testkit::store_contract!(fresh);
