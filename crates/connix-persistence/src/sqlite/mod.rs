//! SQLite: point reads inline, longer reads on the blocking pool, one writer thread.

mod connection;
mod dialect;
#[cfg(test)]
mod full_disk;
mod migrate;
#[path = "../queries/mod.rs"]
pub(crate) mod queries;
mod writer;

pub(crate) use migrate::{migrate, revert_all};

use crate::prepared::Prepared;
use async_trait::async_trait;
use connection::Readers;
use connix_domain::change_set::ChangeSet;
use connix_domain::port::metrics::Metrics;
use connix_domain::port::store::{CommitError, Committer, ReadError};
use diesel::query_builder::AsQuery;
use diesel::query_dsl::methods::LoadQuery;
use diesel::{Connection, QueryResult, SqliteConnection};
use std::sync::Arc;
use writer::Writer;

type DB = diesel::sqlite::Sqlite;

/// A database file.
pub(crate) struct Store {
    /// For reads of a few microseconds, done where they are asked for: held so shortly that a few are enough.
    points: Readers,
    /// For reads that may take longer, each on a thread of the blocking pool.
    lists: Readers,
    writer: Writer,
}

fn unavailable(error: impl std::fmt::Display) -> ReadError {
    ReadError::Unavailable(error.to_string())
}

impl Store {
    /// Opens a file that is migrated.
    pub(crate) fn open(path: &str, metrics: Option<Arc<dyn Metrics>>) -> diesel::ConnectionResult<Self> {
        let writer = Writer::start(connection::open(path)?, metrics)?;
        Ok(Self { points: connection::readers(path, 8), lists: connection::readers(path, 4), writer })
    }

    /// Writes what is queued, then nothing any more.
    pub(crate) async fn close(&self) {
        self.writer.stop().await;
    }

    /// A short read of a few rows, whose text is always the same.
    async fn look_up<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        let mut connection = self.points.get().map_err(unavailable)?;
        Prepared::kept(query().as_query()).read(&mut connection).map_err(unavailable)
    }

    /// A read of many rows, whose text is always the same.
    async fn list<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        let query = Prepared::kept(query().as_query());
        self.blocking(|connection| query.read(connection)).await
    }

    /// The same for a tenant: here, readers do not wait for each other.
    async fn browse<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        self.list(query).await
    }

    /// A part of a list and the length of the whole, both of one moment. `common`: their texts are among a few.
    async fn page<R, P, C>(
        &self,
        common: bool,
        page: impl Fn() -> P + Send + Sync,
        count: impl Fn() -> C + Send + Sync,
    ) -> Result<(Vec<R>, i64), ReadError>
    where
        R: Send + 'static,
        P: AsQuery,
        C: AsQuery,
        Prepared<P::Query>: Reads<R>,
        Prepared<C::Query>: Reads<i64>,
    {
        let page = Prepared::kept_if(common, page().as_query());
        let count = Prepared::kept_if(common, count().as_query());
        let both = |c: &mut SqliteConnection| c.transaction(|c| Ok((page.read(c)?, count.read(c)?)));
        let (rows, total) = self.blocking(both).await?;
        Ok((rows, total.into_iter().sum()))
    }

    /// A writing statement that gives rows, outside any change set.
    async fn write<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        let query = Prepared::kept(query().as_query());
        self.writer.run(|connection| query.read(connection)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let lists = self.lists.clone();
        let read = move || work(&mut *lists.get().map_err(unavailable)?).map_err(unavailable);
        tokio::task::spawn_blocking(read).await.map_err(unavailable)?
    }
}

#[async_trait]
impl Committer for Store {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.purge_ahead(&changes).await?;
        self.writer.commit(changes).await
    }
}

/// Any query whose rows are `R`.
trait Reads<R>: Send + 'static {
    fn read(self, connection: &mut SqliteConnection) -> QueryResult<Vec<R>>;
}

impl<Q, R> Reads<R> for Q
where
    Q: LoadQuery<'static, SqliteConnection, R> + Send + 'static,
{
    fn read(self, connection: &mut SqliteConnection) -> QueryResult<Vec<R>> {
        self.internal_load(connection)?.collect()
    }
}
