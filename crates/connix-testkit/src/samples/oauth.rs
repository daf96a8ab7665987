//! Applications, what they were let, and who is signed in.

use super::{after, noon};
use crate::ids::chance;
use connix_domain::api_key::Digest;
use connix_domain::browser_session::BrowserSession;
use connix_domain::id::{BrowserSessionId, GrantId, OAuthClientId, TokenPairId};
use connix_domain::member::Member;
use connix_domain::name::ClientName;
use connix_domain::oauth::client::{ClientKind, ClientSecret, ClientStatus, OAuthClient};
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::{Consent, Grant};
use connix_domain::oauth::pkce::CodeChallenge;
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::oauth::scope::Scopes;
use connix_domain::oauth::signing_key::{KeyTerm, SigningAlgorithm, SigningKey};
use connix_domain::port::secrets::Sealed;

/// A digest that nothing else has.
pub fn digest() -> Digest {
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&chance().to_be_bytes());
    Digest(digest)
}

/// A text as a redirect URI.
///
/// # Panics
/// When it breaks a rule.
pub fn redirect_uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).expect("a URI by the rules")
}

/// Words as scopes.
///
/// # Panics
/// When there is no such scope.
pub fn scopes(text: &str) -> Scopes {
    text.parse().expect("scopes")
}

/// A public application.
///
/// # Panics
/// Never: the name obeys the rule.
pub fn public_client(by: &Member) -> OAuthClient {
    OAuthClient {
        org: by.org,
        id: OAuthClientId::new(chance()),
        name: ClientName::parse("Notes").expect("a name by the rule"),
        kind: ClientKind::Public,
        redirect_uris: vec![redirect_uri("http://127.0.0.1/cb")],
        scopes: Scopes::usual(),
        secrets: Vec::new(),
        status: ClientStatus::Active,
        created_by: by.id,
        created_at: noon(),
        updated_at: noon(),
        version: 1,
    }
}

/// A confidential application with everything set.
///
/// # Panics
/// Never: the name obeys the rule.
pub fn confidential_client(by: &Member) -> OAuthClient {
    let secret = |expires_at| ClientSecret { digest: digest(), created_at: noon(), expires_at };
    OAuthClient {
        name: ClientName::parse("Ünïcode & <b>markup</b>").expect("a name by the rule"),
        kind: ClientKind::Confidential,
        redirect_uris: vec![redirect_uri("https://app.example/cb?x=1"), redirect_uri("https://b.example/")],
        scopes: scopes("read write"),
        secrets: vec![secret(Some(after(60))), secret(None)],
        status: ClientStatus::Disabled,
        updated_at: after(1),
        ..public_client(by)
    }
}

/// A code of an application for a member.
///
/// # Panics
/// Never: the challenge has the right form.
pub fn code(client: &OAuthClient, user: &Member) -> AuthorizationCode {
    AuthorizationCode {
        org: client.org,
        digest: digest(),
        client: client.id,
        user: user.id,
        grant: GrantId::new(chance()),
        redirect_uri: "http://127.0.0.1:5000/cb".to_owned(),
        challenge: CodeChallenge::parse(&"c".repeat(43)).expect("a challenge"),
        scopes: Scopes::usual(),
        auth_time: noon(),
        expires_at: after(60),
        used_at: None,
        failures: 0,
    }
}

/// A grant to an application by a member.
pub fn grant(client: &OAuthClient, user: &Member) -> Grant {
    code(client, user).redeemed(noon())
}

/// A pair of tokens under a grant.
pub fn pair(grant: &Grant) -> TokenPair {
    TokenPair::new(grant, TokenPairId::new(chance()), digest(), grant.scopes.clone(), noon())
}

/// What a member has said yes to.
pub fn consent(client: &OAuthClient, user: &Member) -> Consent {
    Consent { org: client.org, user: user.id, client: client.id, scopes: Scopes::usual(), given_at: noon() }
}

/// A browser in which a member is signed in.
pub fn session(user: &Member) -> BrowserSession {
    BrowserSession {
        org: user.org,
        id: BrowserSessionId::new(chance()),
        digest: digest(),
        user: user.id,
        signed_in_at: noon(),
        last_seen_at: after(1),
        browser: "Firefox".to_owned(),
        address: "192.0.2.7".to_owned(),
    }
}

/// A signing key of a generation that nobody else uses.
///
/// # Panics
/// Never: where there is no key, one is due.
pub fn signing_key() -> SigningKey {
    let term = KeyTerm::due(&[], SigningAlgorithm::Es256, noon()).expect("a key is due");
    SigningKey {
        kid: format!("{:x}", chance()),
        algorithm: SigningAlgorithm::Es256,
        public: vec![4, 0, 255],
        private: Sealed(vec![1, 0, 254]),
        term: KeyTerm { generation: (chance() >> 2) as i64, ..term },
        created_at: noon(),
        revoked_at: None,
    }
}
