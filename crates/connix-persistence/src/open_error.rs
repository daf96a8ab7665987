//! Why a store does not open.

use diesel::ConnectionError;

/// Why a store does not open. The texts name no password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such server, file or right.
    #[error("the database cannot be opened: {0}")]
    Connection(String),
    /// The schema could not be brought up to date.
    #[error("the database cannot be migrated: {0}")]
    Migration(String),
}

impl OpenError {
    pub(crate) fn connection(error: ConnectionError) -> Self {
        Self::Connection(error.to_string())
    }
    pub(crate) fn migration(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self::Migration(error.to_string())
    }
}
