//! Cryptography of credentials and of secrets at rest: API keys, worker tokens, what OAuth hands out, passwords, the master key,
//! sealing.
//!
//! Everything here is pure but for two things: new credentials and nonces come from the system's random generator, and the master key
//! is a file.

mod access_token;
mod api_key;
mod base62;
mod base64url;
mod credentials;
mod invitation;
mod keyed_digest;
mod master_key;
mod opaque;
mod password;
mod sealing;
mod signature;
mod worker_token;

pub use access_token::JwtAccessTokens;
pub use credentials::PepperedCredentials;
pub use master_key::{MasterKey, MasterKeyError};
pub use opaque::PepperedOpaqueCredentials;
pub use password::Argon2Passwords;
pub use sealing::MasterSealer;
