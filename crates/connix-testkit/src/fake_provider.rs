//! An OpenID Connect provider: a real HTTP server on 127.0.0.1 with discovery, keys, authorization and tokens.
//!
//! It asks nobody for a password: whoever is sent to it comes back at once as the account that the test has set. It holds its
//! clients to the protocol (exact redirects, PKCE, codes that work once), and can be told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use url::{Url, form_urlencoded};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::ids::chance;

mod id_token;
mod key;

use key::Key;
pub use key::KeyKind;

/// The client that it knows.
pub const CLIENT: &str = "connix";
/// The client's secret, with characters that Basic authentication has to escape.
pub const SECRET: &str = "s3cret: 100% %2F";

/// Longer than anybody waits.
const A_MINUTE: Duration = Duration::from_secs(60);

/// Whoever is sent to the provider comes back as this.
#[derive(Debug, Clone)]
pub struct Account {
    /// `sub`
    pub subject: String,
    /// `email`
    pub email: String,
    /// `email_verified`
    pub verified: bool,
}

/// What the provider lies about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Nothing: the user says no.
    Denied,
    /// The token repeats another nonce.
    Nonce,
    /// The token repeats none.
    NoNonce,
    /// The token is meant for another client.
    Audience,
    /// The token is meant for another client too, and was given to that one.
    Party,
    /// The token says another issuer.
    Issuer,
    /// The token is over.
    Expired,
    /// The token was made in an hour.
    Early,
    /// The token is signed with nothing.
    Unsigned,
    /// The token is signed with the client's secret.
    SignedWithSecret,
    /// The token is signed with a key of somebody else under the name of the provider's.
    ForeignKey,
    /// The token is signed with a key that the provider does not publish.
    HiddenKey,
    /// There is no token of who signed in.
    NoToken,
    /// The answer with the token has no end.
    Endless,
    /// The answer with the token is a redirect.
    Elsewhere,
    /// The answer with the token is a fault of its own.
    Broken,
    /// The answer with the token takes a minute.
    Slow,
    /// It knows the client no more.
    Forgotten,
    /// The metadata are another provider's.
    Metadata,
}

impl Lie {
    /// Every lie in a token, and what whoever listens says of it.
    pub const IN_TOKENS: [(Self, &'static str); 12] = [
        (Self::Nonce, "about another sign-in"),
        (Self::NoNonce, "about another sign-in"),
        (Self::Audience, "meant for another client"),
        (Self::Party, "meant for another client"),
        (Self::Issuer, "its issuer is another"),
        (Self::Expired, "not of this time"),
        (Self::Early, "not of this time"),
        (Self::Unsigned, "its signature is wrong"),
        (Self::SignedWithSecret, "its signature is wrong"),
        (Self::ForeignKey, "its signature is wrong"),
        (Self::HiddenKey, "its key is unknown"),
        (Self::NoToken, "there is no ID token"),
    ];
}

/// A running provider; it stops when dropped.
pub struct FakeProvider {
    server: MockServer,
    played: Arc<Mutex<Played>>,
}

struct Played {
    account: Account,
    lie: Option<Lie>,
    keys: Vec<Key>,
    codes: HashMap<String, Code>,
    issuer: String,
}

/// What a code was given for.
struct Code {
    nonce: Option<String>,
    challenge: String,
    redirect_uri: String,
}

impl FakeProvider {
    /// One that signs with ES256.
    pub async fn start() -> Self {
        // not one of the pool, which would go on under the same address
        let server = MockServer::builder().start().await;
        let account = Account { subject: "nobody".to_owned(), email: "nobody@example.com".to_owned(), verified: true };
        let keys = vec![Key::new(KeyKind::Es256)];
        let played = Played { account, lie: None, keys, codes: HashMap::new(), issuer: server.uri() };
        let provider = Self { server, played: Arc::new(Mutex::new(played)) };
        provider.answer("GET", "/.well-known/openid-configuration", |played, _| played.metadata()).await;
        provider.answer("GET", "/keys", |played, _| played.published_keys()).await;
        provider.answer("GET", "/authorize", |played, request| played.authorize(&request.url)).await;
        provider.answer("POST", "/token", |played, request| played.redeem(request)).await;
        provider
    }

    async fn answer(
        &self,
        verb: &str,
        place: &str,
        answer: impl Fn(&mut Played, &Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        let played = Arc::clone(&self.played);
        let answer =
            move |request: &Request| answer(&mut played.lock().unwrap_or_else(PoisonError::into_inner), request);
        Mock::given(method(verb)).and(path(place)).respond_with(answer).mount(&self.server).await;
    }

    /// What clients are told to trust.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.server.uri()
    }

    /// From now on whoever comes is this.
    pub fn signs_in(&self, subject: &str, email: &str, verified: bool) {
        self.played().account = Account { subject: subject.to_owned(), email: email.to_owned(), verified };
    }

    /// From now on it lies, or not.
    pub fn lies(&self, lie: impl Into<Option<Lie>>) {
        self.played().lie = lie.into();
    }

    /// From now on it signs with a new key; the older ones stay published.
    pub fn rotate(&self, kind: KeyKind) {
        self.played().keys.push(Key::new(kind));
    }

    /// How often it was asked for something at `place`, such as `/keys`.
    pub async fn asked(&self, place: &str) -> usize {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests.iter().filter(|request| request.url.path() == place).count()
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(error: &str) -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(json!({"error": error, "error_description": "refused by the fake"}))
}

impl Played {
    fn metadata(&self) -> ResponseTemplate {
        let issuer = if self.lie == Some(Lie::Metadata) { "https://evil.example" } else { &self.issuer };
        ResponseTemplate::new(200).set_body_json(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{}/authorize", self.issuer),
            "token_endpoint": format!("{}/token", self.issuer),
            "jwks_uri": format!("{}/keys", self.issuer),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        }))
    }

    fn published_keys(&self) -> ResponseTemplate {
        let unknown = json!({"kty": "later", "kid": "of a kind that is not known yet"});
        let keys: Vec<Value> = self.keys.iter().map(Key::jwk).chain([unknown]).collect();
        ResponseTemplate::new(200).set_body_json(json!({"keys": keys}))
    }

    fn authorize(&mut self, url: &Url) -> ResponseTemplate {
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let get = |name: &str| asked.get(name).map_or("", String::as_str);
        let known = get("client_id") == CLIENT && get("response_type") == "code";
        let proven = get("code_challenge_method") == "S256" && get("code_challenge").len() == 43;
        let scopes = get("scope");
        let named = ["openid", "email"].iter().all(|wanted| scopes.split(' ').any(|scope| scope == *wanted));
        let Ok(mut back) = Url::parse(get("redirect_uri")) else { return refused("invalid_request") };
        if !(known && proven && named) {
            return refused("invalid_request");
        }
        if self.lie == Some(Lie::Denied) {
            back.query_pairs_mut().append_pair("error", "access_denied");
        } else {
            let code = format!("{:016x}", chance());
            back.query_pairs_mut().append_pair("code", &code);
            let given = Code {
                nonce: asked.get("nonce").cloned(),
                challenge: get("code_challenge").to_owned(),
                redirect_uri: get("redirect_uri").to_owned(),
            };
            self.codes.insert(code, given);
        }
        back.query_pairs_mut().append_pair("state", get("state"));
        ResponseTemplate::new(303).insert_header("location", back.as_str())
    }

    fn redeem(&mut self, request: &Request) -> ResponseTemplate {
        let form: HashMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let shown = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        if shown != Some(&key::basic(CLIENT, SECRET)) || self.lie == Some(Lie::Forgotten) {
            return ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client"}));
        }
        let Some(code) = self.codes.remove(get("code")) else { return refused("invalid_grant") };
        let proven = key::challenge_of(get("code_verifier")) == code.challenge;
        if get("grant_type") != "authorization_code" || !proven || get("redirect_uri") != code.redirect_uri {
            return refused("invalid_grant");
        }
        match self.lie {
            Some(Lie::Endless) => ResponseTemplate::new(200).set_body_raw(" ".repeat(4 << 20), "application/json"),
            Some(Lie::Elsewhere) => ResponseTemplate::new(307).insert_header("location", "/token"),
            Some(Lie::Broken) => ResponseTemplate::new(500).set_body_string("Internal Server Error"),
            Some(Lie::Slow) => self.tokens(&code).set_delay(A_MINUTE),
            _ => self.tokens(&code),
        }
    }

    fn tokens(&self, code: &Code) -> ResponseTemplate {
        let mut answer = json!({"access_token": "of no use", "token_type": "Bearer", "expires_in": 60});
        if self.lie != Some(Lie::NoToken) {
            answer["id_token"] = self.id_token(code.nonce.as_deref()).into();
        }
        ResponseTemplate::new(200).set_body_json(answer)
    }
}
