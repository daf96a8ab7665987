//! What a provider says of who has signed in: the ID token and its checks (OpenID Connect Core 3.1.3.7).
//!
//! The algorithm is the key's, whatever the token says. Everything is compared exactly.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connix_domain::upstream::{UpstreamAccount, UpstreamIdentity};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::keys::Keys;

/// No ID token is this long, in bytes.
const LONGEST: usize = 16 * 1024;
/// A subject has at most 255 characters of ASCII.
const LONGEST_SUBJECT: usize = 255;
/// So far apart may clocks be, in seconds.
const LEEWAY: i64 = 30;
/// A token that was made longer ago, in seconds, does not come from a sign-in of now.
const OLDEST: i64 = 600;

/// Which token is believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'e> {
    pub(crate) issuer: &'e str,
    pub(crate) client: &'e str,
    pub(crate) nonce: &'e str,
    /// The time, in seconds since 1970.
    pub(crate) now: i64,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Fault {
    /// It is no token, or one of another kind.
    #[error("it is no ID token")]
    Form,
    /// Nobody knows its key.
    #[error("its key is unknown")]
    Key,
    /// Its key did not sign it.
    #[error("its signature is wrong")]
    Signature,
    /// Something has to be there and is not, or has another type.
    #[error("it lacks a claim")]
    Claims,
    /// Another provider's.
    #[error("its issuer is another")]
    Issuer,
    /// Meant for somebody else.
    #[error("it is meant for another client")]
    Audience,
    /// Over, not good yet, or old.
    #[error("it is not of this time")]
    Time,
    /// Of another sign-in.
    #[error("it is about another sign-in")]
    Nonce,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A token whose header has been read.
pub(crate) struct IdToken<'t> {
    text: &'t str,
    header: Header,
}

impl<'t> IdToken<'t> {
    /// Reads the header alone.
    pub(crate) fn read(text: &'t str) -> Result<Self, Fault> {
        let first = text.split('.').next().filter(|_| text.len() <= LONGEST && text.split('.').count() == 3);
        let bytes = first.and_then(|first| URL_SAFE_NO_PAD.decode(first).ok()).ok_or(Fault::Form)?;
        let header: Header = serde_json::from_slice(&bytes).map_err(|_| Fault::Form)?;
        // other kinds of tokens of the same provider say which they are (RFC 8725 3.11)
        let untyped = header.typ.as_ref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        if untyped && header.crit.is_none() { Ok(Self { text, header }) } else { Err(Fault::Form) }
    }

    /// The name of the key that it says it was signed with.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Who it is about, if everything about it is as it must be.
    pub(crate) fn identity(&self, keys: &Keys, expected: &Expected<'_>) -> Result<UpstreamIdentity, Fault> {
        let key = keys.named(self.kid()).ok_or(Fault::Key)?;
        if self.header.alg.parse().ok() != Some(key.algorithm) {
            return Err(Fault::Signature);
        }
        let decoded = jsonwebtoken::decode::<Value>(self.text, &key.key, &signature_alone(key.algorithm));
        let claims = decoded.map_err(|_| Fault::Signature)?.claims;
        serde_json::from_value::<Claims>(claims).map_err(|_| Fault::Claims)?.checked(expected)
    }
}

/// What the claims have to say is judged here.
fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

impl Claims {
    fn checked(self, expected: &Expected<'_>) -> Result<UpstreamIdentity, Fault> {
        if self.iss != expected.issuer {
            return Err(Fault::Issuer);
        }
        if !self.is_for(expected.client) {
            return Err(Fault::Audience);
        }
        if !self.is_of(expected.now) {
            return Err(Fault::Time);
        }
        let nonce = self.nonce.as_deref().unwrap_or_default();
        if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
            return Err(Fault::Nonce);
        }
        let plain = self.sub.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control());
        if self.sub.is_empty() || self.sub.len() > LONGEST_SUBJECT || !plain {
            return Err(Fault::Claims);
        }
        let verified = self.email_verified == Some(Value::Bool(true));
        Ok(UpstreamIdentity {
            account: UpstreamAccount { issuer: self.iss, subject: self.sub },
            verified_email: self.email.filter(|_| verified),
        })
    }

    /// Whether it is meant for `client`. One that is meant for others too must have been given to us.
    fn is_for(&self, client: &str) -> bool {
        let (ours, alone) = match &self.aud {
            Audience::One(audience) => (audience == client, true),
            Audience::Several(all) => (all.iter().any(|audience| audience == client), all.len() == 1),
        };
        let given_to_us = self.azp.as_ref().map_or(alone, |party| party == client);
        ours && given_to_us
    }

    fn is_of(&self, now: i64) -> bool {
        let ends = now.saturating_sub(LEEWAY) < self.exp;
        let begun = |at: i64| at <= now.saturating_add(LEEWAY);
        let fresh = self.iat >= now.saturating_sub(OLDEST + LEEWAY);
        ends && begun(self.iat) && self.nbf.is_none_or(begun) && fresh
    }
}

#[cfg(test)]
mod tests;
