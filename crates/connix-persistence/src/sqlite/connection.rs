//! Connections to one database file, and small pools of them for reading.

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Error as R2d2Error, Pool};
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult, SqliteConnection};
use std::thread;
use std::time::{Duration, Instant};

/// `busy_timeout` first: the others may have to wait for another process. `trusted_schema=OFF`: a schema that somebody
/// tampered with runs no functions. (`reliability.md` 2.15)
const SETTINGS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
    PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;";

/// As long as `busy_timeout` says.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// How long to wait where SQLite does not.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// How long a read waits for a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where two give a new file its journal mode at once, each holds what the other waits for: SQLite refuses one of them without
/// waiting, which then tries again.
#[expect(
    clippy::disallowed_methods,
    reason = "as SQLite's own busy_timeout does: whoever opens a connection waits with its thread"
)]
fn configure(connection: &mut SqliteConnection) -> QueryResult<()> {
    let patient_until = Instant::now() + BUSY;
    loop {
        match connection.batch_execute(SETTINGS) {
            Err(error) if is_locked(&error) && Instant::now() < patient_until => thread::sleep(BETWEEN_TRIES),
            done => return done,
        }
    }
}

/// Whether something failed because another connection holds the file.
pub(super) fn is_locked(error: &diesel::result::Error) -> bool {
    error.to_string().contains("database is locked")
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

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::sql_types::{BigInt, Text};
    use diesel::{RunQueryDsl, dsl::sql, select};

    #[test]
    fn every_connection_is_durable_strict_and_patient() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.db").display().to_string();
        let mut writer = open(&path).unwrap();
        let pool = readers(&path, 1);
        let mut reader = pool.get().unwrap();
        for connection in [&mut writer, &mut *reader] {
            let mut setting = |name: &str| {
                let value = format!("(SELECT * FROM pragma_{name})");
                select(sql::<BigInt>(&value)).get_result::<i64>(connection).unwrap()
            };
            assert_eq!(setting("synchronous"), 2, "FULL");
            assert_eq!(setting("foreign_keys"), 1);
            assert_eq!(setting("trusted_schema"), 0);
            assert_eq!(setting("busy_timeout"), BUSY.as_millis() as i64);
            let journal = select(sql::<Text>("(SELECT * FROM pragma_journal_mode)"));
            assert_eq!(journal.get_result::<String>(connection).unwrap(), "wal");
        }
    }
}
