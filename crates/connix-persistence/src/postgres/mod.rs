//! PostgreSQL: reads on two pipelined connections, writes as group commit on a third.

mod committer;
mod dialect;
mod flight;
mod link;
mod migrate;
#[path = "../queries/mod.rs"]
pub(crate) mod queries;
mod session;
mod tls;
mod trouble;

pub(crate) use committer::MOST_CULPRITS;
pub(crate) use migrate::{migrate, revert_all};

use crate::open_error::OpenError;
use crate::prepared::Prepared;
use async_trait::async_trait;
use committer::Committer;
use connix_domain::change_set::ChangeSet;
use connix_domain::port::metrics::Metrics;
use connix_domain::port::store::{self, CommitError, ReadError};
use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::expression::QueryMetadata;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::CompatibleType;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::future::{BoxFuture, try_join, try_join3};
use futures_util::{StreamExt, TryStreamExt};
use link::Link;
use session::Address;
use std::sync::Arc;

type DB = diesel::pg::Pg;

/// A database of a server.
pub(crate) struct Store {
    /// For reads of a few rows: they wait for nothing long.
    points: Link,
    /// For reads that may take longer.
    lists: Link,
    committer: Committer,
}

impl Store {
    /// Opens a database that is migrated, on the runtime that this runs on.
    pub(crate) async fn open(url: &str, culprits: usize, metrics: Option<Arc<dyn Metrics>>) -> Result<Self, OpenError> {
        let address = Arc::new(Address::parse(url)?);
        let links = try_join3(Link::open(&address), Link::open(&address), Link::open(&address));
        let (points, lists, writes) = links.await.map_err(OpenError::Connection)?;
        Ok(Self { points, lists, committer: Committer::start(writes, culprits, metrics) })
    }

    /// Writes what is queued, then nothing any more.
    pub(crate) async fn close(&self) {
        self.committer.stop().await;
    }

    /// A short read of a few rows, whose text is always the same.
    async fn look_up<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        self.points.read(|connection| Prepared::kept(query().as_query()).send(connection)).await
    }

    /// A read of many rows, whose text is always the same.
    async fn list<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        self.lists.read(|connection| Prepared::kept(query().as_query()).send(connection)).await
    }

    /// A part of a list and the length of the whole, in one flight. `common`: their texts are among a few.
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
        let both = self.lists.read(|connection| {
            let page = Prepared::kept_if(common, page().as_query()).send(connection);
            let count = Prepared::kept_if(common, count().as_query()).send(connection);
            Box::pin(try_join(page, count))
        });
        let (rows, total) = both.await?;
        Ok((rows, total.into_iter().sum()))
    }

    /// A writing statement that gives rows, outside any change set: a transaction of its own, which may be sent twice.
    async fn write<R, Q>(&self, query: impl Fn() -> Q + Send + Sync) -> Result<Vec<R>, ReadError>
    where
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        self.look_up(query).await
    }
}

#[async_trait]
impl store::Committer for Store {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.committer.commit(changes).await
    }
}

/// Any query whose rows are `R`. Not an `async fn`: the query becomes text and bytes before the first await, so that none
/// of its lifetimes gets into the caller's future (else: "implementation of `AsyncConnectionCore` is not general enough").
trait Reads<R>: Send {
    fn send(self, connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Vec<R>>>;
}

impl<Q, R, ST> Reads<R> for Q
where
    Q: AsQuery + Send + 'static,
    Q::Query: QueryFragment<DB> + QueryId,
    Q::SqlType: CompatibleType<R, DB, SqlType = ST>,
    DB: QueryMetadata<Q::SqlType>,
    R: FromSqlRow<ST, DB> + Send + 'static,
{
    fn send(self, mut connection: &AsyncPgConnection) -> BoxFuture<'_, QueryResult<Vec<R>>> {
        let sent = AsyncConnectionCore::load(&mut connection, self);
        Box::pin(async move {
            let unreadable = diesel::result::Error::DeserializationError;
            sent.await?.map(|row| R::build_from_row(&row?).map_err(unreadable)).try_collect().await
        })
    }
}
