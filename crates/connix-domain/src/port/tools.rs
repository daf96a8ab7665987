//! What can be found out about the tools and the models that agents may name.

use crate::tool::Tool;
use async_trait::async_trait;

/// Looks at what agents could work with here and now.
#[async_trait]
pub trait Equipment: Send + Sync {
    /// Every tool that there is, usable or not. Looks again each time; it takes seconds at the most.
    async fn tools(&self) -> Vec<Tool>;

    /// The names of the models that the configured endpoint offers.
    ///
    /// # Errors
    /// In words for the log, when none is configured or it does not answer with a list.
    async fn models(&self) -> Result<Vec<String>, String>;
}
