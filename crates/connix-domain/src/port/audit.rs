//! The audit log, to be read.

use super::store::ReadError;
use crate::audit::PlacedEntry;
use crate::page::AuditQuery;
use crate::scope::OrgScope;
use async_trait::async_trait;

/// The audit log. Entries are written by [`Change::Audit`](crate::change_set::Change::Audit), and by nothing changed or removed.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuditReader: Send + Sync {
    /// A part of an organisation's entries, by their numbers.
    ///
    /// - Entries MUST be numbered from 1 without gaps, in the order of their commits.
    /// - Another organisation's entries MUST NOT be shown.
    async fn audit_log(&self, scope: OrgScope, query: &AuditQuery) -> Result<Vec<PlacedEntry>, ReadError>;
}
