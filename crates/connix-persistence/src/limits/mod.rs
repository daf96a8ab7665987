//! Budgets of requests and tokens: in memory where one process serves the store; what PostgreSQL shares is in
//! `postgres/limits/`.

mod accounts;
mod memory;

pub(crate) use accounts::Accounts;
pub use memory::MemoryLimits;
