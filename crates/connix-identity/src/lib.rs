//! Cryptography of credentials and of secrets at rest: API keys, worker tokens, the master key, sealing.
//!
//! Everything here is pure but for two things: new credentials and nonces come from the system's random generator, and the master key
//! is a file.

mod api_key;
mod base62;
mod credentials;
mod keyed_digest;
mod master_key;
mod sealing;
mod worker_token;

pub use credentials::PepperedCredentials;
pub use master_key::{MasterKey, MasterKeyError};
pub use sealing::MasterSealer;
