//! The origins that registered applications answer from: scripts there may call the API (contract section 2, CORS).

use crate::app::App;
use crate::error::Error;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// An application that another server registered may call at the latest after this time.
const LOOKED: Duration = Duration::from_secs(5);

/// The origins as they were a moment ago. Asked for every request from a script, so never by a look into the store.
#[derive(Debug, Clone, Default)]
pub struct ClientOrigins(Arc<RwLock<HashSet<String>>>);

impl ClientOrigins {
    /// Whether scripts of this origin may call.
    pub fn hold(&self, origin: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(origin)
    }
    /// Whether no application is registered.
    pub fn are_none(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
    fn keep(&self, origins: HashSet<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = origins;
    }
}

impl App {
    /// The origins of registered applications, now and later.
    pub fn client_origins(&self) -> ClientOrigins {
        self.origins.clone()
    }

    /// Looks at the registered applications now and then, until the future is dropped.
    pub(crate) async fn keep_origins(&self) {
        loop {
            self.look_for_origins().await;
            tokio::time::sleep(LOOKED).await;
        }
    }

    /// Takes in which applications there are. What it was before holds while the store does not answer.
    pub(super) async fn look_for_origins(&self) {
        if let Err(error) = self.read_origins().await {
            tracing::warn!(%error, "the origins of applications are looked at again later");
        }
    }

    async fn read_origins(&self) -> Result<(), Error> {
        let uris = self.store().active_redirect_uris().await?;
        self.origins.keep(uris.iter().map(|uri| uri.origin().to_owned()).collect());
        Ok(())
    }
}
