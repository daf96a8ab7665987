//! Opening, migrating and closing a store.

use crate::limits::MemoryLimits;
use crate::open_error::OpenError;
use crate::options::Options;
use crate::url::DatabaseUrl;
use crate::{postgres, sqlite};
use connix_domain::port::clock::Clock;
use connix_domain::port::limits::Limits;
use connix_domain::port::store::Store;
use std::sync::Arc;

/// An open store.
pub struct Database {
    kind: Kind,
}

enum Kind {
    Sqlite(Arc<sqlite::Store>),
    Postgres(Arc<postgres::Store>),
}

impl Database {
    /// Migrates and opens a store. It works on the runtime that it was opened on, which has to be a multi-threaded one and
    /// to live as long as the store.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(url: &DatabaseUrl, options: Options) -> Result<Self, OpenError> {
        migrate(url, &options).await?;
        let kind = match url {
            DatabaseUrl::Sqlite { path } => {
                let store = sqlite::Store::open(path, options.metrics).map_err(OpenError::connection)?;
                Kind::Sqlite(Arc::new(store))
            }
            DatabaseUrl::Postgres { url } => Kind::Postgres(Arc::new(postgres::Store::open(url, options).await?)),
        };
        Ok(Self { kind })
    }

    /// The store behind all its ports.
    pub fn store(&self) -> Arc<dyn Store> {
        match &self.kind {
            Kind::Sqlite(store) => Arc::<sqlite::Store>::clone(store),
            Kind::Postgres(store) => Arc::<postgres::Store>::clone(store),
        }
    }

    /// Budgets of requests and tokens: in memory for SQLite, which one process serves; shared by all servers of a PostgreSQL
    /// database. Their windows go by `clock`; servers that share them have to give them clocks that agree, such as
    /// [`Self::clock`].
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn limits(&self, clock: Arc<dyn Clock>) -> Result<Arc<dyn Limits>, OpenError> {
        Ok(match &self.kind {
            Kind::Sqlite(_) => Arc::new(MemoryLimits::new(clock)),
            Kind::Postgres(store) => Arc::new(store.limits(clock).await?),
        })
    }

    /// A clock that all who serve the database agree on: PostgreSQL's own, as told by the `local` one and how far they are apart;
    /// for SQLite the local one.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn clock(&self, local: Arc<dyn Clock>) -> Result<Arc<dyn Clock>, OpenError> {
        Ok(match &self.kind {
            Kind::Sqlite(_) => local,
            Kind::Postgres(store) => Arc::new(store.clock(local).await?),
        })
    }

    /// Writes what is queued and takes no more: later commits are `Unavailable`.
    pub async fn close(&self) {
        match &self.kind {
            Kind::Sqlite(store) => store.close().await,
            Kind::Postgres(store) => store.close().await,
        }
    }
}

/// Brings the schema up to date; gives how many migrations were missing. Safe beside a running server and beside others
/// that do the same, for whom it waits as long as `options` say. Needs a multi-threaded runtime.
///
/// # Errors
/// [`OpenError`]
pub async fn migrate(url: &DatabaseUrl, options: &Options) -> Result<usize, OpenError> {
    match url {
        DatabaseUrl::Sqlite { path } => sqlite::migrate(path),
        DatabaseUrl::Postgres { url } => postgres::migrate(url, options.migration_patience).await,
    }
}

/// Takes every migration back, and with them all data. Needs a multi-threaded runtime.
///
/// # Errors
/// [`OpenError`]
pub async fn revert_all(url: &DatabaseUrl) -> Result<usize, OpenError> {
    match url {
        DatabaseUrl::Sqlite { path } => sqlite::revert_all(path),
        DatabaseUrl::Postgres { url } => postgres::revert_all(url).await,
    }
}
