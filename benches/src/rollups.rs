//! Keeping the figures all at once: a trigger that counts a million rows one by one is what a year takes its time for.
//!
//! The triggers are silenced while rows are written; then the migrations that keep figures are taken back and done again, and
//! count what there is. That this gives what the triggers would have given is a test of the stores
//! (`sqlite_counts_what_was_there_before_the_rollups`, `postgres_counts_what_was_there_before_the_rollups`).

use crate::{Outcome, figures};
use connix_persistence::DatabaseUrl;
use tokio_postgres::NoTls;

/// A database whose figures are not kept for a while. Nobody else may have it open when that begins and ends.
pub(crate) enum Silenced {
    /// With the triggers that were there.
    Sqlite {
        path: String,
        triggers: Vec<String>,
    },
    Postgres {
        url: String,
    },
}

impl Silenced {
    /// From now on nothing is counted.
    pub(crate) async fn begin(url: &DatabaseUrl) -> Outcome<Self> {
        match url.clone() {
            DatabaseUrl::Sqlite { path } => {
                let connection = rusqlite::Connection::open(&path)?;
                let counting =
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('log', 'task')";
                let mut found = connection.prepare(counting)?;
                let found = found.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
                let (names, triggers): (Vec<_>, _) = found.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
                names.iter().try_for_each(|name| connection.execute_batch(&format!("DROP TRIGGER {name}")))?;
                Ok(Self::Sqlite { path, triggers })
            }
            DatabaseUrl::Postgres { url } => {
                let silence = "ALTER TABLE log DISABLE TRIGGER log_added; ALTER TABLE task DISABLE TRIGGER USER;";
                execute(&url, &[silence]).await?;
                Ok(Self::Postgres { url })
            }
        }
    }

    /// Counts what there is, and from now on everything.
    pub(crate) async fn end(self) -> Outcome<()> {
        match self {
            Self::Sqlite { path, triggers } => {
                let connection = rusqlite::Connection::open(&path)?;
                connection.execute_batch(
                    "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY;",
                )?;
                triggers.iter().try_for_each(|trigger| connection.execute_batch(trigger))?;
                Ok(figures::SQLITE.iter().try_for_each(|script| connection.execute_batch(script))?)
            }
            Self::Postgres { url } => execute(&url, &figures::POSTGRES).await,
        }
    }
}

/// What a database does by itself soon after much was written: looks at its tables, and clears them of what is dead.
pub(crate) async fn settle(url: &DatabaseUrl) -> Outcome<()> {
    match url {
        DatabaseUrl::Sqlite { path } => Ok(rusqlite::Connection::open(path)?.execute_batch("PRAGMA optimize;")?),
        DatabaseUrl::Postgres { url } => execute(url, &["VACUUM ANALYZE"]).await,
    }
}

async fn execute(url: &str, scripts: &[&str]) -> Outcome<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute("SET app.org = '*'; SET maintenance_work_mem = '256MB'; SET work_mem = '256MB'").await?;
    for script in scripts {
        client.batch_execute(script).await?;
    }
    drop(client);
    Ok(driver.await??)
}
