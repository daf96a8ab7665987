//! Cryptography of credentials and of secrets at rest. Pure and synchronous; keys live in the adapter.

use crate::api_key::{Digest, Kid};
use crate::id::{AgentId, OrgId};
use std::fmt;

/// A credential in clear text. Its `Debug` shows nothing; it is handed to its owner once and never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a clear text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The clear text, for the one place that shows or sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A freshly made API key: the text for its owner, and what is kept.
#[derive(Debug, Clone)]
pub struct MintedKey {
    /// Shown once.
    pub text: Secret,
    /// Its public part.
    pub kid: Kid,
    /// What is kept.
    pub digest: Digest,
}

/// An API key somebody showed, with a valid checksum; whether it exists is the store's to say.
#[derive(Debug, Clone)]
pub struct PresentedKey {
    /// Its public part, to look it up by.
    pub kid: Kid,
    /// To compare with what is kept.
    pub digest: Digest,
}

/// A worker token somebody showed.
#[derive(Debug, Clone)]
pub struct PresentedToken {
    /// The organisation it says it belongs to.
    pub org: OrgId,
    /// The agent it says it belongs to.
    pub agent: AgentId,
    /// To compare with what is kept.
    pub digest: Digest,
}

/// Makes and reads credentials.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Credentials: Send + Sync {
    /// A new API key from the system's random generator.
    fn mint_key(&self) -> MintedKey;
    /// Reads an API key. MUST be `None` for a wrong shape or checksum, so that garbage costs no look-up.
    fn read_key(&self, text: &str) -> Option<PresentedKey>;
    /// A new token for an agent's worker.
    fn mint_worker_token(&self, org: OrgId, agent: AgentId) -> (Secret, Digest);
    /// Reads a worker token. MUST be `None` for a wrong shape.
    fn read_worker_token(&self, text: &str) -> Option<PresentedToken>;
    /// A new text for a link to set a password with.
    fn mint_invitation(&self) -> (Secret, Digest);
    /// Reads the text of such a link. MUST be `None` for a wrong shape.
    fn read_invitation(&self, text: &str) -> Option<Digest>;
    /// Compares in constant time.
    fn same(&self, a: &Digest, b: &Digest) -> bool;
}

/// Bytes that only the holder of the master key can read.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Sealed bytes that cannot be opened: another master key, another context, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed data cannot be opened: wrong master key, moved, or damaged")]
pub struct CannotOpen;

/// Encrypts secrets at rest. `context` names the place (table, column, row); it is authenticated, so that sealed bytes
/// that were moved to another place do not open.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Encrypts and authenticates.
    fn seal(&self, context: &str, plain: &[u8]) -> Sealed;
    /// Gives back what was sealed.
    ///
    /// # Errors
    /// [`CannotOpen`] for anything but the same key and the same context.
    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, CannotOpen>;
}
