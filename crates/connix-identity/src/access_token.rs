//! The domain's `AccessTokens` port: JWTs by RFC 9068.
//!
//! A token's header says nothing but `typ`, `alg` and `kid`, and each exactly as we write it; everything else that a header could
//! say (`jku`, `x5u`, `jwk`, `crit`, `b64`) is refused unread. The algorithm is the key's.

use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::signing_key::{SigningAlgorithm, SigningKey};
use connix_domain::port::oauth::{AccessTokens, NewSigningKey};
use connix_domain::port::secrets::{CannotOpen, Sealer, Secret};
use jsonwebtoken::Validation;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base64url;
use crate::master_key::MasterKey;
use crate::sealing::MasterSealer;
use crate::signature::{self, Halves};

mod claims;

/// No access token of ours is near this long; what is longer is not even looked at.
const LONGEST: usize = 8 * 1024;
/// What tells an access token from other JWTs (RFC 9068 2.1).
const TYPE: &str = "at+jwt";
/// A thumbprint has 43 characters.
const LONGEST_KID: usize = 64;

/// Access tokens signed with keys that are sealed under one master key.
#[derive(Debug)]
pub struct JwtAccessTokens {
    sealer: MasterSealer,
}

impl JwtAccessTokens {
    /// What one master key sealed, no other opens.
    pub fn new(master: &MasterKey) -> Self {
        Self { sealer: MasterSealer::new(master) }
    }
}

/// The header as we write it, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OurHeader {
    typ: String,
    #[expect(dead_code, reason = "has to be there; which it is, the key says")]
    alg: String,
    kid: String,
}

impl AccessTokens for JwtAccessTokens {
    fn new_key(&self, algorithm: SigningAlgorithm) -> NewSigningKey {
        let Halves { public, private } = Halves::generate(algorithm);
        let kid = signature::thumbprint(algorithm, &public);
        let private = self.sealer.seal(&place(&kid), &private);
        NewSigningKey { kid, algorithm, public, private }
    }

    fn sign(&self, key: &SigningKey, claims: &AccessClaims) -> Result<Secret, CannotOpen> {
        let private = self.sealer.open(&place(&key.kid), &key.private)?;
        let header = json!({"typ": TYPE, "alg": key.algorithm.as_str(), "kid": key.kid}).to_string();
        let claims = serde_json::to_string(&claims::Written::from(claims)).map_err(|_| CannotOpen)?;
        let signed = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
        let signature = signature::sign(key.algorithm, &private, signed.as_bytes()).ok_or(CannotOpen)?;
        Ok(Secret::new(format!("{signed}.{}", base64url::encode(signature))))
    }

    fn kid(&self, token: &str) -> Option<String> {
        if token.len() > LONGEST || token.split('.').count() != 3 {
            return None;
        }
        let header = base64url::decode(token.split('.').next()?)?;
        let header: OurHeader = serde_json::from_slice(&header).ok()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let sound = header.typ == TYPE && header.kid.len() <= LONGEST_KID && header.kid.bytes().all(plain);
        sound.then_some(header.kid)
    }

    fn verify(&self, token: &str, key: &SigningKey) -> Option<AccessClaims> {
        if self.kid(token)? != key.kid {
            return None;
        }
        // what the claims have to say is the domain's to judge; here they are read, and the signature is checked
        let (algorithm, public) = signature::verifier(key.algorithm, &key.public);
        let mut signature_alone = Validation::new(algorithm);
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        let read = jsonwebtoken::decode::<claims::Read>(token, &public, &signature_alone).ok()?;
        read.claims.try_into().ok()
    }

    fn jwk(&self, key: &SigningKey) -> Value {
        let about = [("use", "sig"), ("alg", key.algorithm.as_str()), ("kid", &key.kid)];
        let about = about.map(|(name, value)| (name, value.to_owned()));
        let members = signature::members(key.algorithm, &key.public).into_iter().chain(about);
        Value::Object(members.map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
    }
}

/// Where a private half belongs.
fn place(kid: &str) -> String {
    format!("signing_key/{kid}")
}

#[cfg(test)]
mod tests;
