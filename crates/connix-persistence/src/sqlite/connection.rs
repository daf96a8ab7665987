//! Connections to one database file, and small pools of them for reading.

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as R2d2Error, Pool};
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult, SqliteConnection};
use std::time::Duration;

/// `busy_timeout` first: the others may have to wait for another process. `trusted_schema=OFF`: a schema that somebody
/// tampered with runs no functions. (`reliability.md` 2.15)
const SETTINGS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
    PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";

/// How long a read waits for a connection.
const PATIENCE: Duration = Duration::from_secs(2);

fn configure(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute(SETTINGS)
}

/// A connection of its own, for the writer and for migrations.
pub(super) fn open(path: &str) -> ConnectionResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(path)?;
    configure(&mut connection).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

pub(super) type Readers = Pool<ConnectionManager<SqliteConnection>>;

/// A pool that opens connections as they are needed.
pub(super) fn readers(path: &str, most: u32) -> Readers {
    Pool::builder()
        .max_size(most)
        .min_idle(Some(0))
        .test_on_check_out(false)
        .connection_timeout(PATIENCE)
        .connection_customizer(Box::new(Configured))
        .build_unchecked(ConnectionManager::new(path))
}

#[derive(Debug)]
struct Configured;

impl CustomizeConnection<SqliteConnection, R2d2Error> for Configured {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), R2d2Error> {
        configure(connection).map_err(R2d2Error::QueryError)
    }
}
