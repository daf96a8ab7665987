//! The domain's `AccessTokens` port: JWTs by RFC 9068, signed with ES256.
//!
//! A token's header says nothing but `typ`, `alg` and `kid`, and each exactly as we write it; everything else that a header could
//! say (`jku`, `x5u`, `jwk`, `crit`, `b64`) is refused unread. The algorithm is the key's.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::signing_key::{SigningAlgorithm, SigningKey};
use connix_domain::port::oauth::{AccessTokens, NewSigningKey};
use connix_domain::port::secrets::{CannotOpen, Sealer, Secret};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::base64url;
use crate::master_key::MasterKey;
use crate::sealing::MasterSealer;

mod claims;

/// No access token of ours is near this long; what is longer is not even looked at.
const LONGEST: usize = 8 * 1024;
/// What tells an access token from other JWTs (RFC 9068 2.1).
const TYPE: &str = "at+jwt";
/// A thumbprint has 43 characters.
const LONGEST_KID: usize = 64;
/// An uncompressed point: the byte 4, then both coordinates of 32 bytes each.
const COORDINATE: usize = 32;

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
    fn new_key(&self) -> NewSigningKey {
        let Ok(pair) = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING) else {
            unreachable!("the generator of the cryptographic library gives keys or aborts")
        };
        let Ok(document) = pair.to_pkcs8v1() else { unreachable!("a generated key can be written down") };
        let public = pair.public_key().as_ref().to_vec();
        let kid = thumbprint(&public);
        let private = self.sealer.seal(&place(&kid), document.as_ref());
        NewSigningKey { kid, algorithm: SigningAlgorithm::Es256, public, private }
    }

    fn sign(&self, key: &SigningKey, claims: &AccessClaims) -> Result<Secret, CannotOpen> {
        let private = EncodingKey::from_ec_der(&self.sealer.open(&place(&key.kid), &key.private)?);
        let mut header = Header::new(algorithm(key.algorithm));
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let token = jsonwebtoken::encode(&header, &claims::Written::from(claims), &private);
        token.map(Secret::new).map_err(|_| CannotOpen)
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
        let mut signature_alone = Validation::new(algorithm(key.algorithm));
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        let public = DecodingKey::from_ec_der(&key.public);
        let read = jsonwebtoken::decode::<claims::Read>(token, &public, &signature_alone).ok()?;
        read.claims.try_into().ok()
    }

    fn jwk(&self, key: &SigningKey) -> Value {
        let (x, y) = coordinates(&key.public);
        json!({"kty": "EC", "use": "sig", "crv": "P-256", "alg": key.algorithm.as_str(), "kid": key.kid, "x": x, "y": y})
    }
}

fn algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
    }
}

/// Where a private half belongs.
fn place(kid: &str) -> String {
    format!("signing_key/{kid}")
}

/// Both coordinates of a public key, as JOSE writes them.
fn coordinates(public: &[u8]) -> (String, String) {
    let (x, y) = public.get(1..).unwrap_or_default().split_at_checked(COORDINATE).unwrap_or_default();
    (base64url::encode(x), base64url::encode(y))
}

/// The SHA-256 thumbprint of a public key (RFC 7638): its members in this order, without white space.
fn thumbprint(public: &[u8]) -> String {
    let (x, y) = coordinates(public);
    base64url::encode(Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)))
}

#[cfg(test)]
mod tests;
