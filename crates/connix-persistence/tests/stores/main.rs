//! Both stores from outside: the contract suite, migrations, killed writers, cut connections, other processes.
#![expect(clippy::unwrap_used, reason = "a test that cannot be prepared has failed")]

mod audit;
mod backfill;
mod contract;
mod crash;
mod databases;
#[path = "../../../../migrations/figures.rs"]
mod figures;
mod limits;
mod metrics;
mod migrations;
mod postgres;
mod sqlite;
