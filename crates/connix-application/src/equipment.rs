//! What agents may work with: the catalogue of tools, looked at again and again, and the models.

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use connix_domain::confinement::Confinement;
use connix_domain::permission::Permission;
use connix_domain::port::tools::Inventory;
use connix_domain::tool::ToolCatalogue;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How old the catalogue may become.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// The first look may take this long; the server does not wait longer for a tool that hangs.
const FIRST_LOOK: Duration = Duration::from_secs(15);
/// How long what the endpoint said of its models holds, and that it said nothing.
const MODELS_KEPT: Duration = Duration::from_secs(15);

/// What was found when it was last looked at.
#[derive(Default)]
pub(crate) struct Found {
    catalogue: RwLock<Arc<ToolCatalogue>>,
    confinement: RwLock<Option<Confinement>>,
    models: RwLock<Option<Offered>>,
    /// Held by the one who asks for the models.
    asking: tokio::sync::Mutex<()>,
}

/// What the endpoint said of its models, and when; `None` when it gave no list.
#[derive(Debug, Clone)]
struct Offered {
    at: Instant,
    names: Option<Vec<String>>,
}

/// The models that a configuration may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    /// Their names.
    pub names: Vec<String>,
    /// The one of an agent that names none.
    pub default: String,
    /// Whether the endpoint said so; otherwise it is what the settings name.
    pub from_endpoint: bool,
}

impl App {
    /// The tools that there are.
    ///
    /// # Errors
    /// [`Error::Forbidden`]
    pub fn tools(&self, caller: &Caller) -> Result<Arc<ToolCatalogue>, Error> {
        caller.may(Permission::AgentsRead)?;
        Ok(self.catalogue())
    }

    /// The models that there are: what the endpoint offers, or else the default.
    ///
    /// # Errors
    /// [`Error::Forbidden`]
    pub async fn models(&self, caller: &Caller) -> Result<Models, Error> {
        caller.may(Permission::AgentsRead)?;
        let default = self.settings.llm.default_model.clone();
        let offered = self.offered_models().await;
        let from_endpoint = offered.is_some();
        Ok(Models { names: offered.unwrap_or_else(|| vec![default.clone()]), default, from_endpoint })
    }

    /// The catalogue as it was when last looked at.
    pub fn catalogue(&self) -> Arc<ToolCatalogue> {
        self.equipment.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How programs of tools are confined, as it was when last looked at; `None` before the first look.
    pub fn confinement(&self) -> Option<Confinement> {
        self.equipment.confinement.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the tools for the first time, before anything is served. What takes too long is found by the next look.
    pub async fn look_at_tools_first(&self) {
        if tokio::time::timeout(FIRST_LOOK, self.look_at_tools()).await.is_err() {
            let seconds = FIRST_LOOK.as_secs();
            tracing::warn!(seconds, "the tools could not be looked at in time; the server begins without them");
        }
    }

    /// Looks at the tools.
    pub async fn look_at_tools(&self) {
        let Inventory { tools, confinement } = self.ports.equipment.inventory().await;
        let found = Arc::new(ToolCatalogue::new(tools));
        *self.equipment.catalogue.write().unwrap_or_else(PoisonError::into_inner) = found;
        *self.equipment.confinement.write().unwrap_or_else(PoisonError::into_inner) = Some(confinement);
    }

    /// Looks at the tools again and again, for as long as it is awaited.
    pub async fn keep_looking_at_tools(&self) {
        loop {
            let has_looked = self.confinement().is_some();
            tokio::time::sleep(if has_looked { LOOK_AGAIN } else { Duration::ZERO }).await;
            self.look_at_tools().await;
        }
    }

    /// What the endpoint offers. One asks it at a time; meanwhile others take what it said before, or wait for that one's
    /// answer.
    async fn offered_models(&self) -> Option<Vec<String>> {
        let known = || self.equipment.models.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(fresh) = known().filter(|offered| offered.at.elapsed() < MODELS_KEPT) {
            return fresh.names;
        }
        let Ok(_asking) = self.equipment.asking.try_lock() else {
            if known().is_none() {
                drop(self.equipment.asking.lock().await);
            }
            return known().and_then(|offered| offered.names);
        };
        let names = self.ports.equipment.models().await.ok().filter(|names| !names.is_empty());
        let offered = Offered { at: Instant::now(), names: names.clone() };
        *self.equipment.models.write().unwrap_or_else(PoisonError::into_inner) = Some(offered);
        names
    }
}
