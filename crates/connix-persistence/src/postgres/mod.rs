//! PostgreSQL: reads on pipelined connections by how long they may take, writes as group commit on one of its own.

mod clock;
mod committer;
mod dialect;
mod flight;
mod limits;
mod lines;
mod link;
mod migrate;
#[path = "../queries/mod.rs"]
pub(crate) mod queries;
mod session;
mod tls;
mod trouble;

pub(crate) use migrate::{migrate, revert_all};

use crate::open_error::OpenError;
use crate::options::Options;
use crate::prepared::Prepared;
use async_trait::async_trait;
use clock::DatabaseClock;
use committer::Committer;
use connix_domain::change_set::ChangeSet;
use connix_domain::port::clock::Clock;
use connix_domain::port::store::{self, CommitError, ReadError};
use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::expression::QueryMetadata;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::query_dsl::CompatibleType;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::future::{BoxFuture, try_join, try_join5};
use futures_util::{StreamExt, TryFutureExt, TryStreamExt};
use limits::SharedLimits;
use link::Link;
use session::Address;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type DB = diesel::pg::Pg;

/// What a read will have found.
type Answer<'a, T> = BoxFuture<'a, Result<T, ReadError>>;

/// A database of a server. What is sent on one connection is executed one after the other, so that each kind of read has a
/// connection that nothing slower is sent on.
pub(crate) struct Store {
    /// For reads of a few rows by their key.
    points: Link,
    /// For the service's own work: longer reads of known size, and writes outside of change sets.
    work: Arc<Link>,
    /// For what tenants look at, which is as long as their data: parts of lists, figures, streams; by turns.
    pages: [Link; 2],
    turn: AtomicUsize,
    committer: Committer,
    address: Arc<Address>,
    options: Options,
}

impl Store {
    /// Opens a database that is migrated, on the runtime that this runs on.
    pub(crate) async fn open(url: &str, options: Options) -> Result<Self, OpenError> {
        let address = Arc::new(Address::parse(url)?);
        let short = || Link::open(&address, options.patience, options.lifetime);
        let long = || Link::open(&address, options.patience * 2, options.lifetime);
        let links = try_join5(short(), long(), long(), long(), long()).await;
        let (points, work, first, second, writes) = links.map_err(OpenError::Connection)?;
        let committer = Committer::start(writes, &options);
        let work = Arc::new(work);
        Ok(Self { points, work, pages: [first, second], turn: AtomicUsize::new(0), committer, address, options })
    }

    /// The budgets that all servers of this database share; their windows go by `clock`.
    pub(crate) async fn limits(&self, clock: Arc<dyn Clock>) -> Result<SharedLimits, OpenError> {
        SharedLimits::open(&self.address, &self.options, clock).await
    }

    /// A clock that goes with the database's.
    pub(crate) async fn clock(&self, local: Arc<dyn Clock>) -> Result<DatabaseClock, OpenError> {
        let clock = DatabaseClock::start(local, Arc::clone(&self.work)).await;
        clock.map_err(|error| OpenError::Connection(error.to_string()))
    }

    /// Writes what is queued, then nothing any more.
    pub(crate) async fn close(&self) {
        self.committer.stop().await;
    }

    /// A short read of a few rows, whose text is always the same.
    ///
    /// This and the following are boxed here: were they `async fn`, the compiler would prove for every caller that the
    /// query's own future can be sent between threads, which took it two minutes.
    fn look_up<'a, R, Q>(&'a self, query: impl Fn() -> Q + Send + Sync + 'a) -> Answer<'a, Vec<R>>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        Box::pin(self.points.read(move |connection| Prepared::kept(query().as_query()).send(connection)))
    }

    /// A read of more rows for the service's own work, whose text is always the same.
    fn list<'a, R, Q>(&'a self, query: impl Fn() -> Q + Send + Sync + 'a) -> Answer<'a, Vec<R>>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        Box::pin(self.work.read(move |connection| Prepared::kept(query().as_query()).send(connection)))
    }

    /// A read of more rows for a tenant, whose text is always the same: nothing of the service waits for it.
    fn browse<'a, R, Q>(&'a self, query: impl Fn() -> Q + Send + Sync + 'a) -> Answer<'a, Vec<R>>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        Box::pin(self.next_page_link().read(move |connection| Prepared::kept(query().as_query()).send(connection)))
    }

    /// A part of a list and the length of the whole, in one flight. `common`: their texts are among a few.
    fn page<'a, R, P, C>(
        &'a self,
        common: bool,
        page: impl Fn() -> P + Send + Sync + 'a,
        count: impl Fn() -> C + Send + Sync + 'a,
    ) -> Answer<'a, (Vec<R>, i64)>
    where
        R: Send + 'static,
        P: AsQuery,
        C: AsQuery,
        Prepared<P::Query>: Reads<R>,
        Prepared<C::Query>: Reads<i64>,
    {
        let both = self.next_page_link().read(move |connection| {
            let page = Prepared::kept_if(common, page().as_query()).send(connection);
            let count = Prepared::kept_if(common, count().as_query()).send(connection);
            Box::pin(try_join(page, count))
        });
        Box::pin(both.map_ok(|(rows, total)| (rows, total.into_iter().sum())))
    }

    fn next_page_link(&self) -> &Link {
        let [first, second] = &self.pages;
        if self.turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { first } else { second }
    }

    /// A writing statement that gives rows, outside any change set: a transaction of its own, which may be sent twice.
    fn write<'a, R, Q>(&'a self, query: impl Fn() -> Q + Send + Sync + 'a) -> Answer<'a, Vec<R>>
    where
        R: Send + 'static,
        Q: AsQuery,
        Prepared<Q::Query>: Reads<R>,
    {
        self.list(query)
    }
}

#[async_trait]
impl store::Committer for Store {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        self.purge_ahead(&changes).await?;
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
