//! Budgets of requests and tokens, shared by all processes of a service.

use super::store::ReadError;
use crate::rate_limit::{Claim, Verdict};
use async_trait::async_trait;

/// Budgets by subject: what tells a credential, or a line of credentials that replace each other, from others. They go by a clock of
/// their own, which all processes share.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Limits: Send + Sync {
    /// Takes what a request asks for.
    ///
    /// - In each window exactly as many requests MUST pass as there are units, if so many ask, whoever else asks through which process.
    /// - It MUST take from all of the policies or from none.
    /// - Subjects and policies MUST be independent of each other.
    /// - A new window MUST be whole, and a window MUST be aligned to the clock.
    /// - A new figure MUST hold at once: what was taken in the window stays taken.
    /// - What remains MUST fall by one with each request that passes, and MUST NOT rise within a window while one process takes.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`]: nothing is known to have been taken.
    async fn take(&self, subject: &str, claims: &[Claim]) -> Result<Verdict, ReadError>;

    /// Charges model tokens to the hour that it is now. More MAY be charged than are left, and then nothing is left. Whoever asks a
    /// second later at the latest, through whichever process, MUST know of it.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`]
    async fn charge(&self, subject: &str, tokens: i64) -> Result<(), ReadError>;

    /// Gives back what this process holds and has not used: it ends.
    async fn close(&self);
}
