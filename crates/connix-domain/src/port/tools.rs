//! What can be found out about the tools and the models that agents may name.

use crate::confinement::Confinement;
use crate::tool::Tool;
use async_trait::async_trait;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Every tool that there is, usable or not.
    pub tools: Vec<Tool>,
    /// How programs of tools are confined.
    pub confinement: Confinement,
}

/// Looks at what agents could work with here and now.
#[async_trait]
pub trait Equipment: Send + Sync {
    /// The tools that there are. Looks again each time; it takes seconds at the most.
    async fn inventory(&self) -> Inventory;

    /// The names of the models that the configured endpoint offers.
    ///
    /// # Errors
    /// In words for the log, when none is configured or it does not answer with a list.
    async fn models(&self) -> Result<Vec<String>, String>;
}
