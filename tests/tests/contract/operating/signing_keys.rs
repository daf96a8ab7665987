//! `identity.signing_algorithm` and `connix signing-keys` (contract section 12; `reliability.md` 2.4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connix_tests::{Server, Settings, Store, eventually, with_every_store};
use serde_json::{Value, json};

with_every_store![a_key_signs_as_is_wanted_until_it_is_revoked];

/// The header of a JWT.
fn header(token: &str) -> Value {
    let part = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn published(server: &Server) -> Vec<Value> {
    server.anonymous().get("/oauth2/jwks.json").await.expect(200)["keys"].as_array().unwrap().clone()
}

async fn a_key_signs_as_is_wanted_until_it_is_revoked(store: Store) {
    let server = Server::start(store, Settings::for_tests().with("identity.signing_algorithm", "RS256"));
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "viewer");
    let application = tenant.client.application("public").await;
    let tokens = application.tokens(&mut server.browser_of(&member).await, "read").await;
    let kid = header(&tokens.access)["kid"].as_str().unwrap().to_owned();
    assert_eq!(header(&tokens.access), json!({ "alg": "RS256", "typ": "at+jwt", "kid": kid }));
    let keys = published(&server).await;
    let key = keys.iter().find(|key| key["kid"] == *kid).unwrap();
    assert_eq!((&key["kty"], &key["alg"], &key["e"]), (&"RSA".into(), &"RS256".into(), &"AQAB".into()), "{key}");
    let client = server.client_with_token(&tokens.access);
    client.get("/api/v1/projects").await.expect(200);

    let listed = server.installation.run(&["signing-keys", "list"]).stdout;
    assert!(
        listed.lines().any(|line| line.contains(&kid) && line.contains("RS256") && line.contains("active")),
        "{listed}"
    );
    assert_eq!(server.installation.line(&["signing-keys", "revoke", &kid]), kid);
    eventually("the key's tokens end", async || (client.get("/api/v1/projects").await.status == 401).then_some(()))
        .await;
    assert!(published(&server).await.iter().all(|key| key["kid"] != *kid));
    let next = application.refresh(&tokens.refresh).await.tokens();
    assert_ne!(header(&next.access)["kid"], *kid);
    server.client_with_token(&next.access).get("/api/v1/projects").await.expect(200);
    let again = server.installation.run(&["signing-keys", "revoke", &kid]);
    assert!(again.code != Some(0) && again.stderr.contains(&kid), "{again:?}");
}
