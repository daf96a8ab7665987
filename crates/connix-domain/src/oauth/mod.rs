//! The OAuth 2 authorization server (contract section 10): applications that people let act for them.
//!
//! | to learn about | read |
//! |---|---|
//! | who may ask | [`client`], [`redirect_uri`], [`scope`] |
//! | what is asked in a browser | [`authorization`] |
//! | what a code is worth, and how often | [`code`], [`pkce`] |
//! | what stays: the grant and its pairs of tokens | [`grant`], [`refresh`] |
//! | what an access token says | [`access_token`], [`signing_key`] |
//!
//! All of it decides on values; `shared/reference/reliability.md` 2.4 gives the reasons.

pub mod access_token;
pub mod authorization;
pub mod change;
pub mod client;
pub mod code;
pub mod error;
pub mod grant;
pub mod pkce;
pub mod redirect_uri;
pub mod refresh;
#[cfg(test)]
mod samples;
pub mod scope;
pub mod signing_key;
