//! Tables, rows, change sets and the ports: one source, compiled once inside `postgres` and once inside `sqlite`.
//!
//! The including module supplies `DB` (diesel's backend), `dialect` (what the two databases word differently) and `Store`
//! (the executor: `look_up`, `list`, `page` and `write`).

use super::{DB, Store, dialect};

pub(crate) mod changes;
mod ports;
mod purge;
pub(crate) mod rows;
mod sql;
pub(crate) mod tables;
