//! An installation that is open: the application on its store, under its master key. `serve` and the operator's commands work on it.

use std::sync::Arc;

use anyhow::bail;
use connix_application::App;
use connix_domain::port::limits::Limits;
use connix_domain::port::runtime::AgentRuntime;
use connix_domain::port::store::Store;
use connix_identity::MasterKey;
use connix_metrics::PrometheusMetrics;
use connix_persistence::Database;

use crate::data_folder::DataFolder;
use crate::settings::Settings;
use crate::wiring;

/// What it is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Requests, which are limited.
    Serving,
    /// A command of the operator.
    Command,
}

/// What is open.
pub(crate) struct Installation {
    pub(crate) app: Arc<App>,
    /// To be closed at the end, before the database.
    pub(crate) limits: Arc<dyn Limits>,
    /// To be closed at the end.
    pub(crate) database: Database,
}

impl Installation {
    /// Opens the store (which brings its tables up to date), checks the master key, and makes the first organisation if there is none;
    /// its first key is made by the first `serve`, which prints it.
    ///
    /// # Errors
    /// The store does not answer, or the master key is missing, exposed or another store's. Nothing is written then.
    pub(crate) async fn open(
        settings: &Settings,
        folder: &DataFolder,
        metrics: Arc<PrometheusMetrics>,
        runtime: Arc<dyn AgentRuntime>,
        purpose: Purpose,
    ) -> anyhow::Result<Self> {
        let database = wiring::database(&settings.database.url, metrics.clone()).await?;
        let master = master_key(folder, database.store().as_ref()).await?;
        let limited = purpose == Purpose::Serving && settings.rate_limits.enabled;
        let limits = if limited { wiring::limits(&database).await? } else { wiring::no_limits() };
        let store = database.store();
        let app = Arc::new(wiring::application(settings, store, &master, metrics, runtime, limits.clone())?);
        app.check_master_key().await?;
        app.ensure_first_organisation().await?;
        Ok(Self { app, limits, database })
    }
}

/// The master key. It is made only for a store that holds nothing yet: a missing key must not be replaced by one that opens nothing.
async fn master_key(folder: &DataFolder, store: &dyn Store) -> anyhow::Result<MasterKey> {
    let path = folder.master_key();
    if let Some(key) = MasterKey::load(&path)? {
        return Ok(key);
    }
    if !store.organisations().await?.is_empty() {
        bail!(
            "the master key {} is missing, but the store was made with one: put it back from your backup",
            path.display()
        );
    }
    Ok(MasterKey::load_or_create(&path)?)
}
