//! The databases that tests work on.

use async_trait::async_trait;
use connix_domain::port::store::Store;
use connix_persistence::{Database, DatabaseUrl, Options};
use connix_testkit::contract::Subject;
use std::sync::Arc;
use tempfile::TempDir;

/// An open database, removed with its folder when that is its own.
pub(crate) struct Opened {
    pub(crate) url: DatabaseUrl,
    pub(crate) database: Database,
    options: Options,
    _folder: Option<TempDir>,
}

impl Opened {
    /// A new SQLite file.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url: DatabaseUrl = format!("sqlite://{}", folder.path().join("connix.db").display()).parse().unwrap();
        let options = Options::default();
        let database = Database::open(&url, options.clone()).await.unwrap();
        Self { url, database, options, _folder: Some(folder) }
    }
}

#[async_trait]
impl Subject for Opened {
    fn store(&self) -> Arc<dyn Store> {
        self.database.store()
    }
    async fn another(&self) -> Arc<dyn Store> {
        Database::open(&self.url, self.options.clone()).await.unwrap().store()
    }
}
