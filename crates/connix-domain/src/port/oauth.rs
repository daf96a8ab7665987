//! Cryptography of the authorization server: opaque credentials, signed access tokens, passwords. Pure and synchronous; keys
//! live in the adapter.

use super::secrets::{CannotOpen, Sealed, Secret};
use crate::api_key::Digest;
use crate::oauth::access_token::AccessClaims;
use crate::oauth::pkce::{CodeChallenge, CodeVerifier};
use crate::oauth::signing_key::{SigningAlgorithm, SigningKey};
use crate::phases;
use serde_json::Value;

phases! {
    /// A kind of credential that says nothing by itself; each has a prefix of its own, so that a secret scanner finds it and
    /// none passes for another.
    pub enum Opaque {
        /// What a confidential client shows at the token endpoint.
        ClientSecret = "cxs_",
        /// An authorization code.
        Code = "cxc_",
        /// A refresh token.
        Refresh = "cxr_",
        /// A browser's session.
        BrowserSession = "cxe_",
    }
}

/// Makes and reads opaque credentials.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OpaqueCredentials: Send + Sync {
    /// A new credential from the system's random generator, and what is kept of it.
    fn mint(&self, kind: Opaque) -> (Secret, Digest);
    /// What is kept of a credential somebody shows. MUST be `None` for a wrong shape, so that garbage costs no look-up.
    fn read(&self, kind: Opaque, text: &str) -> Option<Digest>;
    /// The refresh token that follows one: MUST be the same each time, and MUST NOT be guessable by somebody who knows the one
    /// before and all that is stored.
    fn successor(&self, refresh: &Secret) -> (Secret, Digest);
    /// A digest of `text` for one purpose, to tell later that it came from here.
    fn mark(&self, purpose: &str, text: &str) -> Digest;
    /// Whether a verifier proves a challenge (RFC 7636, S256). Compares in constant time.
    fn proves(&self, verifier: &CodeVerifier, challenge: &CodeChallenge) -> bool;
}

/// A freshly made signing key.
#[derive(Debug, Clone)]
pub struct NewSigningKey {
    /// The thumbprint of its public half.
    pub kid: String,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// Its public half.
    pub public: Vec<u8>,
    /// Its private half, sealed.
    pub private: Sealed,
}

/// Signs and verifies access tokens (RFC 9068).
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// A new key. May take a while.
    fn new_key(&self, algorithm: SigningAlgorithm) -> NewSigningKey;
    /// Signs claims.
    ///
    /// # Errors
    /// [`CannotOpen`] when the key was sealed under another master key.
    fn sign(&self, key: &SigningKey, claims: &AccessClaims) -> Result<Secret, CannotOpen>;
    /// The name of the key that a token says it was signed with. MUST be `None` for anything whose header is not one of ours.
    fn kid(&self, token: &str) -> Option<String>;
    /// The claims of a token that this key signed. MUST be `None` for anything else; the algorithm is the key's, whatever the
    /// token says.
    fn verify(&self, token: &str, key: &SigningKey) -> Option<AccessClaims>;
    /// The public half of a key as a JSON Web Key.
    fn jwk(&self, key: &SigningKey) -> Value;
}

/// Why a password is refused when it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordIssue {
    /// Fewer than 12 characters.
    #[error("must have at least 12 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("must have at most 128 characters")]
    TooLong,
    /// Control characters.
    #[error("must not contain control characters")]
    ControlCharacters,
    /// One of those that are tried first.
    #[error("is one of the passwords that are tried first; choose another")]
    Common,
}

/// What checking a password has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the password.
    Right,
    /// It is the password, and what is kept of it should be made anew with today's cost.
    RightButOutdated,
    /// It is not.
    Wrong,
}

/// Hashes passwords, on purpose slowly and with much memory: call it where that holds up nobody.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Passwords: Send + Sync {
    /// What is kept of a password that obeys the rules: a PHC string.
    ///
    /// # Errors
    /// The first rule that is broken.
    fn hash(&self, password: &Secret) -> Result<String, PasswordIssue>;
    /// Compares a password with what is kept. Without anything kept it MUST cost the same and be wrong.
    fn check(&self, password: &Secret, kept: Option<&str>) -> PasswordCheck;
}
