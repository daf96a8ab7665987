//! Opening, migrating and closing a store.

use crate::open_error::OpenError;
use crate::sqlite;
use crate::url::DatabaseUrl;
use connix_domain::port::metrics::Metrics;
use connix_domain::port::store::Store;
use std::sync::Arc;

/// What can be chosen about a store.
#[derive(Default, Clone)]
pub struct Options {
    /// Where the size and the time of each group of commits are noted.
    pub metrics: Option<Arc<dyn Metrics>>,
}

/// An open store.
pub struct Database {
    kind: Kind,
}

enum Kind {
    Sqlite(Arc<sqlite::Store>),
}

impl Database {
    /// Migrates and opens a store. It works on the runtime that it was opened on, which has to be a multi-threaded one and
    /// to live as long as the store.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(url: &DatabaseUrl, options: Options) -> Result<Self, OpenError> {
        migrate(url).await?;
        let kind = match url {
            DatabaseUrl::Sqlite { path } => {
                let store = sqlite::Store::open(path, options.metrics).map_err(OpenError::connection)?;
                Kind::Sqlite(Arc::new(store))
            }
            DatabaseUrl::Postgres { .. } => return Err(OpenError::Connection("not yet".to_owned())),
        };
        Ok(Self { kind })
    }

    /// The store behind all its ports.
    pub fn store(&self) -> Arc<dyn Store> {
        match &self.kind {
            Kind::Sqlite(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// Writes what is queued and takes no more: later commits are `Unavailable`.
    pub async fn close(&self) {
        match &self.kind {
            Kind::Sqlite(store) => store.close().await,
        }
    }
}

/// Brings the schema up to date; gives how many migrations were missing. Safe beside a running server and beside others
/// that do the same.
///
/// # Errors
/// [`OpenError`]
pub async fn migrate(url: &DatabaseUrl) -> Result<usize, OpenError> {
    match url {
        DatabaseUrl::Sqlite { path } => sqlite::migrate(path),
        DatabaseUrl::Postgres { .. } => Err(OpenError::Connection("not yet".to_owned())),
    }
}

/// Takes every migration back, and with them all data.
///
/// # Errors
/// [`OpenError`]
pub async fn revert_all(url: &DatabaseUrl) -> Result<usize, OpenError> {
    match url {
        DatabaseUrl::Sqlite { path } => sqlite::revert_all(path),
        DatabaseUrl::Postgres { .. } => Err(OpenError::Connection("not yet".to_owned())),
    }
}
