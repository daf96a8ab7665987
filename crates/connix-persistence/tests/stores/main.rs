//! Both stores from outside: the contract suite, migrations, killed writers, cut connections, other processes.
#![expect(clippy::unwrap_used, reason = "a test that cannot be prepared has failed")]

mod audit;
mod backfill;
mod beside;
mod contract;
mod crash;
mod databases;
mod everything;
#[path = "../../../../migrations/figures.rs"]
mod figures;
mod limits;
mod metrics;
mod migrations;
mod postgres;
mod references;
mod row_level_security;
mod sqlite;
