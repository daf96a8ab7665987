//! Whoever forges access tokens: with a key that the store lists like the server's own, and whose private half the test has.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connix_tests::{Server, eventually, unique};
use serde_json::{Value, json};

use super::{Scene, acts_as};

pub(super) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A key that the store lists, in the hands of whoever forges.
pub(super) struct KnownKey {
    pub(super) kid: String,
    pair: EcdsaKeyPair,
}

/// When a key signs and is published, in seconds from now.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) active_from: i64,
    pub(super) active_until: i64,
    pub(super) published_until: i64,
    pub(super) revoked: bool,
}

pub(super) const HOUR: i64 = 3600;
pub(super) const RETIRED: Term =
    Term { active_from: -2 * HOUR, active_until: -HOUR, published_until: 24 * HOUR, revoked: false };

impl KnownKey {
    pub(super) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid: unique("forger"), pair }
    }

    /// Puts it among the server's keys.
    pub(super) async fn listed(self, server: &Server, term: Term) -> Self {
        let generation: i64 = self.kid.rsplit('-').next().unwrap().parse::<i64>().unwrap() + 1_000_000;
        let public: String = self.pair.public_key().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let columns = "kid, generation, algorithm, public_half, private_half, active_from, active_until, \
                       published_until, created_at, revoked_at";
        let insert = |public: &str, at: &dyn Fn(i64) -> String| {
            let revoked = if term.revoked { at(0) } else { "NULL".to_owned() };
            let [from, until, published] = [term.active_from, term.active_until, term.published_until].map(at);
            let values = format!("'{}', {generation}, 'ES256', {public}, {public}", self.kid);
            let times = format!("{from}, {until}, {published}, {}, {revoked}", at(-3 * HOUR));
            format!("INSERT INTO signing_key ({columns}) VALUES ({values}, {times})")
        };
        let sqlite = insert(&format!("X'{public}'"), &|seconds| {
            format!("(CAST(strftime('%s', 'now') AS INTEGER) + {seconds}) * 1000000")
        });
        let postgres =
            insert(&format!("'\\x{public}'::bytea"), &|seconds| format!("now() + interval '{seconds} seconds'"));
        server.installation.execute(&sqlite, &postgres).await;
        self
    }

    pub(super) fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "ES256", "kid": self.kid })
    }

    fn signature(&self, signed: &str) -> String {
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        URL_SAFE_NO_PAD.encode(signature)
    }

    /// A token of these two texts, whatever they are.
    pub(super) fn sign_parts(&self, header: &str, claims: &str) -> String {
        let signed = format!("{header}.{claims}");
        format!("{signed}.{}", self.signature(&signed))
    }

    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_parts(&part(header), &part(claims))
    }
}

/// A listed key, and the claims of a token that was really issued.
pub(super) struct Forger {
    pub(super) key: KnownKey,
    pub(super) claims: Value,
}

impl Forger {
    /// Once the server takes what the key signs.
    pub(super) async fn new(server: &Server) -> Self {
        let Scene { tenant, mut browser, .. } = Scene::new(server).await;
        let token = tenant.client.application("public").await.tokens(&mut browser, "read").await.access;
        let claims = decoded(&token, 1);
        let key = KnownKey::new().listed(server, RETIRED).await;
        let forger = Self { key, claims };
        eventually("the key is known", async || acts_as(server, &forger.with_claims(&[])).await).await;
        forger
    }

    /// The token with these in its header.
    pub(super) fn with_header(&self, changes: &[(&str, Value)]) -> String {
        self.key.sign(&changed(self.key.header(), changes), &self.claims)
    }

    /// The token with these claims; `null` takes one out.
    pub(super) fn with_claims(&self, changes: &[(&str, Value)]) -> String {
        self.key.sign(&self.key.header(), &changed(self.claims.clone(), changes))
    }
}

/// A part of a token, read.
pub(super) fn decoded(token: &str, which: usize) -> Value {
    let part = token.split('.').nth(which).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(super) fn changed(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().shift_remove(*name)),
            value => object[*name] = value.clone(),
        }
    }
    object
}
