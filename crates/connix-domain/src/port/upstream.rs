//! The operator's OpenID Connect provider, as one who lets people sign in through it (OpenID Connect Core 3.1).

use super::secrets::Secret;
use crate::upstream::UpstreamIdentity;
use async_trait::async_trait;

/// What ties the answer of the provider to the browser that was sent there. Kept by whoever began the sign-in, and shown to
/// nobody but the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamAttempt {
    /// What the provider repeats in its token.
    pub nonce: String,
    /// What proves that the code was asked for by us (RFC 7636, S256).
    pub verifier: Secret,
}

/// Why somebody is not signed in through the provider. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// It does not answer, or not as a provider does: it can be tried again.
    #[error("the provider is not to be had: {0}")]
    Unavailable(String),
    /// It refused the code, or said what is not to be believed.
    #[error("the provider's answer is not good: {0}")]
    Refused(String),
}

/// Speaks to the provider.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UpstreamProvider: Send + Sync {
    /// A new attempt, from the system's random generator.
    fn attempt(&self) -> UpstreamAttempt;
    /// Where the browser is sent. `state` comes back with it unchanged.
    ///
    /// # Errors
    /// [`UpstreamError::Unavailable`]
    async fn location(&self, attempt: &UpstreamAttempt, state: &str) -> Result<String, UpstreamError>;
    /// Who has signed in: redeems the code that the browser came back with. What the provider says is believed only when it is
    /// signed by the provider, meant for us, in time, and about this attempt.
    ///
    /// # Errors
    /// [`UpstreamError`]
    async fn identity(&self, attempt: &UpstreamAttempt, code: &str) -> Result<UpstreamIdentity, UpstreamError>;
}
