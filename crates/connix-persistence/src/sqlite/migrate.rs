//! The schema of a database file.

use super::connection;
use crate::open_error::OpenError;
use diesel::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Applies the migrations that are missing; gives how many.
pub(crate) fn migrate(path: &str) -> Result<usize, OpenError> {
    alone(path, |connection| Ok(connection.run_pending_migrations(MIGRATIONS)?.len()))
}

/// Takes all migrations back; gives how many.
pub(crate) fn revert_all(path: &str) -> Result<usize, OpenError> {
    alone(path, |connection| Ok(connection.revert_all_migrations(MIGRATIONS)?.len()))
}

/// Works inside one immediate transaction: of two processes that start at the same time the second waits, and then sees
/// what the first has done.
fn alone(
    path: &str,
    work: impl FnOnce(&mut SqliteConnection) -> diesel::migration::Result<usize>,
) -> Result<usize, OpenError> {
    let mut connection = connection::open(path).map_err(OpenError::connection)?;
    let mut outcome = Ok(0);
    let done = connection.immediate_transaction(|connection| {
        outcome = work(connection);
        if outcome.is_ok() { Ok(()) } else { Err(diesel::result::Error::RollbackTransaction) }
    });
    let applied = outcome.map_err(OpenError::migration)?;
    done.map_err(|error| not_alone(&error).unwrap_or_else(|| OpenError::migration(error.into())))?;
    Ok(applied)
}

/// Whether the file was another process's all the time.
fn not_alone(error: &diesel::result::Error) -> Option<OpenError> {
    connection::is_locked(error).then_some(OpenError::Migrating(connection::BUSY))
}
