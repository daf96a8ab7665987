//! The API keys of an organisation.

use super::store::ReadError;
use crate::Timestamp;
use crate::api_key::{ApiKey, KeyStatus, Kid};
use crate::page::{DirectoryQuery, Page};
use crate::scope::OrgScope;
use async_trait::async_trait;

/// An organisation's API keys.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ApiKeyReader: Send + Sync {
    /// A part of the list of keys, or of those that have this status at a time. MUST leave revoked ones out.
    async fn api_keys(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<(KeyStatus, Timestamp)>,
    ) -> Result<Page<ApiKey>, ReadError>;
    /// MUST be `None`, not an error, for an unknown key and for another organisation's; revoked and expired ones are seen.
    async fn api_key(&self, scope: OrgScope, kid: &Kid) -> Result<Option<ApiKey>, ReadError>;
    /// The keys of a line, the oldest first, revoked and expired ones too: those that were made in each other's place.
    async fn api_keys_of_line(&self, scope: OrgScope, line: &Kid) -> Result<Vec<ApiKey>, ReadError>;
}
