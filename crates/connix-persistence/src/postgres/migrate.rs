//! The schema of a PostgreSQL database.

use super::session::{Address, Purpose};
use crate::open_error::OpenError;
use diesel::QueryResult;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The advisory lock that whoever migrates holds: "connix" in ASCII.
const LOCK: &str = "SELECT pg_advisory_lock(109308430821752)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(109308430821752)";

/// How long somebody else's migration is waited for before all are taken back.
const REVERT_PATIENCE: Duration = Duration::from_secs(30);

/// Applies the migrations that are missing; gives how many.
pub(crate) async fn migrate(url: &str, patience: Duration) -> Result<usize, OpenError> {
    alone(url, patience, |harness| Ok(harness.run_pending_migrations(MIGRATIONS)?.len())).await
}

/// Takes all migrations back; gives how many.
pub(crate) async fn revert_all(url: &str) -> Result<usize, OpenError> {
    alone(url, REVERT_PATIENCE, |harness| Ok(harness.revert_all_migrations(MIGRATIONS)?.len())).await
}

/// Works under the lock: of two processes that start at the same time the second waits, and then sees what the first has
/// done. A wait that is cut short leaves nothing: the session ends with it. The harness blocks its thread, which a multi-threaded runtime has more of.
async fn alone(
    url: &str,
    patience: Duration,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> diesel::migration::Result<usize>,
) -> Result<usize, OpenError> {
    let session = Address::parse(url)?.connect(Purpose::Migration).await.map_err(OpenError::connection)?;
    let mut connection = session.connection;
    let locked = tokio::time::timeout(patience, execute(&mut connection, LOCK)).await;
    locked.map_err(|_| OpenError::Migrating(patience))?.map_err(|e| OpenError::migration(e.into()))?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let outcome = work(&mut harness).map_err(OpenError::migration);
    execute(&mut harness.into_inner(), UNLOCK).await.map_err(|e| OpenError::migration(e.into()))?;
    outcome
}

async fn execute(connection: &mut AsyncPgConnection, text: &'static str) -> QueryResult<usize> {
    diesel::sql_query(text).execute(connection).await
}
