//! The reading ports, one file a port. A query that is handed straight to the executor needs no written type.
//!
//! Queries are given as closures: one that was lost with its connection is built and sent again.

use super::{DB, Store, dialect, rows, sql, tables};
use connix_domain::port::store::ReadError;

mod agent;
mod api_key;
mod application;
mod audit;
mod event;
mod filter;
mod idempotency;
mod log;
mod member;
mod project;
mod service;
mod spans;
mod task;
mod telemetry;

/// Rows as values of the domain.
fn decoded<R, D: TryFrom<R, Error = ReadError>>(rows: Vec<R>) -> Result<Vec<D>, ReadError> {
    rows.into_iter().map(D::try_from).collect()
}

/// The only row there can be.
fn only<R, D: TryFrom<R, Error = ReadError>>(mut rows: Vec<R>) -> Result<Option<D>, ReadError> {
    rows.pop().map(D::try_from).transpose()
}

/// The only row there is, of a query that always gives one.
fn single<T>(mut rows: Vec<T>) -> Result<T, ReadError> {
    rows.pop().ok_or_else(|| ReadError::Unavailable("a row of the schema is missing".to_owned()))
}
