//! OAuth's cryptography for use cases: plain, so that it can be read with the eye.

use super::ports::digest;
use connix_domain::api_key::Digest;
use connix_domain::oauth::access_token::AccessClaims;
use connix_domain::oauth::pkce::{CodeChallenge, CodeVerifier};
use connix_domain::oauth::signing_key::{SigningAlgorithm, SigningKey};
use connix_domain::port::oauth::{AccessTokens, NewSigningKey, Opaque, OpaqueCredentials};
use connix_domain::port::secrets::{CannotOpen, Sealed, Secret};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Credentials that say what they are; a verifier proves the challenge that is its own text.
#[derive(Default)]
pub(crate) struct PlainOpaque(AtomicU64);

impl OpaqueCredentials for PlainOpaque {
    fn mint(&self, kind: Opaque) -> (Secret, Digest) {
        let text = format!("{kind}{}", self.0.fetch_add(1, Ordering::Relaxed));
        (Secret::new(text.clone()), digest(&text))
    }
    fn read(&self, kind: Opaque, text: &str) -> Option<Digest> {
        text.starts_with(kind.as_str()).then(|| digest(text))
    }
    fn successor(&self, refresh: &Secret) -> (Secret, Digest) {
        let text = format!("{}+", refresh.expose());
        (Secret::new(text.clone()), digest(&text))
    }
    fn mark(&self, purpose: &str, text: &str) -> Digest {
        digest(&format!("{purpose} {text}"))
    }
    fn proves(&self, verifier: &CodeVerifier, challenge: &CodeChallenge) -> bool {
        verifier.expose() == challenge.as_str()
    }
}

/// Tokens that name claims kept here.
#[derive(Default)]
pub(crate) struct PlainTokens(Mutex<HashMap<String, AccessClaims>>);

impl AccessTokens for PlainTokens {
    fn new_key(&self, algorithm: SigningAlgorithm) -> NewSigningKey {
        let private = Sealed(Vec::new());
        NewSigningKey { kid: "key".to_owned(), algorithm, public: Vec::new(), private }
    }
    fn sign(&self, key: &SigningKey, claims: &AccessClaims) -> Result<Secret, CannotOpen> {
        let mut signed = self.0.lock().unwrap();
        let token = format!("{}.{}", key.kid, signed.len());
        signed.insert(token.clone(), claims.clone());
        Ok(Secret::new(token))
    }
    fn kid(&self, token: &str) -> Option<String> {
        token.split_once('.').map(|(kid, _)| kid.to_owned())
    }
    fn verify(&self, token: &str, _: &SigningKey) -> Option<AccessClaims> {
        self.0.lock().unwrap().get(token).cloned()
    }
    fn jwk(&self, key: &SigningKey) -> Value {
        json!({"kid": key.kid})
    }
}
