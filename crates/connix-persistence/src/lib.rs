//! The stores: PostgreSQL and SQLite from one source of queries.
//!
//! | part | what |
//! |---|---|
//! | [`Database`] | opens, migrates and closes a store |
//! | `limits/` | budgets of requests and tokens in memory; those that servers share are in `postgres/limits/` |
//! | `queries/` | tables, rows, change sets as lists of statements, the reading ports: compiled once for each database |
//! | `postgres/`, `sqlite/` | the two executors and dialects; what only one of them can do |
//!
//! Both pass the contract suite of `connix-testkit` (`tests/contract.rs`).
#![warn(missing_docs)]
#![expect(clippy::duplicate_mod, reason = "`queries` is compiled once for each database, on purpose")]

mod database;
mod documents;
mod instant;
mod limits;
mod open_error;
mod options;
mod postgres;
mod prepared;
mod sqlite;
mod url;

pub use database::{Database, migrate, revert_all};
pub use limits::MemoryLimits;
pub use open_error::OpenError;
pub use options::Options;
pub use url::{DatabaseUrl, InvalidUrl};
