//! Why a store does not open.

use diesel::ConnectionError;
use std::time::Duration;

/// Why a store does not open. The texts name no password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such server, file or right.
    #[error("the database cannot be opened: {0}")]
    Connection(String),
    /// Another process holds the database as one does that migrates it, and was waited for so long.
    #[error(
        "another process has been migrating the database for {0:?}: start again when it has ended, or end it if it is stuck"
    )]
    Migrating(Duration),
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
