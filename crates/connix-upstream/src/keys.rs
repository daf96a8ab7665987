//! The keys that a provider signs with (RFC 7517): those of them that sign by RS256 or ES256.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::fetch::{FetchError, Fetcher};

/// More keys than this no provider has; the rest are not looked at.
const MOST: usize = 64;

/// A provider's keys.
pub(crate) struct Keys(Vec<VerifyingKey>);

/// A key, and the one algorithm that it verifies.
pub(crate) struct VerifyingKey {
    kid: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// A key set as it is published. What kinds of keys there will be, nobody knows yet.
#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl Keys {
    /// Those that are published there.
    pub(crate) async fn fetch(fetcher: &Fetcher, url: &str) -> Result<Self, FetchError> {
        let document: Document = fetcher.document(url).await?;
        Ok(Self::of(document.keys))
    }

    pub(crate) fn of(published: Vec<Value>) -> Self {
        Self(published.into_iter().take(MOST).filter_map(VerifyingKey::read).collect())
    }

    /// The key of this name; the only one, when a token names none.
    pub(crate) fn named(&self, kid: Option<&str>) -> Option<&VerifyingKey> {
        match (kid, self.0.as_slice()) {
            (Some(kid), all) => all.iter().find(|key| key.kid.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl VerifyingKey {
    fn read(published: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(published).ok()?;
        let (algorithm, own) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            _ => return None,
        };
        let signs = jwk.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
        let by_it = jwk.common.key_algorithm.is_none_or(|named| named == own);
        let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs && by_it)?;
        Some(Self { kid: jwk.common.key_id, algorithm, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn curve(changes: Value) -> Value {
        let mut jwk = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": "AQ", "y": "AQ"});
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    }

    #[test]
    fn a_key_verifies_the_one_algorithm_that_it_is_made_for() {
        let rsa = json!({"kty": "RSA", "kid": "b", "n": "AQ", "e": "AQAB"});
        let keys = Keys::of(vec![curve(json!({"use": "sig", "alg": "ES256"})), rsa]);
        assert_eq!(keys.named(Some("a")).map(|key| key.algorithm), Some(Algorithm::ES256));
        assert_eq!(keys.named(Some("b")).map(|key| key.algorithm), Some(Algorithm::RS256));
        assert!(keys.named(Some("c")).is_none() && keys.named(None).is_none());
    }

    #[test]
    fn a_token_that_names_no_key_is_meant_for_the_only_one() {
        assert!(Keys::of(vec![curve(json!({}))]).named(None).is_some());
        assert!(Keys::of(vec![]).named(None).is_none());
    }

    #[test]
    fn other_keys_are_left_aside() {
        let others = vec![
            curve(json!({"use": "enc"})),
            curve(json!({"alg": "ES384"})),
            curve(json!({"crv": "P-384"})),
            curve(json!({"x": "!"})),
            json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0"}),
            json!({"kty": "RSA", "kid": "a", "n": "AQ", "e": "AQAB", "alg": "PS256"}),
            json!({"kty": "later", "kid": "a"}),
            json!("a"),
        ];
        assert!(Keys::of(others).named(Some("a")).is_none());
    }
}
