//! What applications find out by themselves, and what a script of another origin may read.

use connix_tests::{CALLBACK, Server, Settings, Store, keys, on_every_store, with_every_store};
use reqwest::Method;
use serde_json::json;

use super::{Scene, acts_as};

on_every_store![
    the_metadata_say_what_is_offered_and_nothing_else,
    keys_are_published_without_their_private_halves,
    scripts_of_other_origins_read_nothing,
];
with_every_store![the_issuer_is_the_address_that_is_configured];

const METADATA: &str = "/.well-known/oauth-authorization-server";

/// O50.
async fn the_metadata_say_what_is_offered_and_nothing_else(server: &Server) {
    let issuer = format!("http://{}", server.installation.listen);
    let metadata = server.anonymous().get(METADATA).await.expect(200);
    let secrets = ["client_secret_basic", "client_secret_post"];
    let everybody = json!(["client_secret_basic", "client_secret_post", "none"]);
    let expected = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth2/authorize"),
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "revocation_endpoint": format!("{issuer}/oauth2/revoke"),
        "introspection_endpoint": format!("{issuer}/oauth2/introspect"),
        "jwks_uri": format!("{issuer}/oauth2/jwks.json"),
        "scopes_supported": ["read", "write"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": everybody,
        "revocation_endpoint_auth_methods_supported": everybody,
        "introspection_endpoint_auth_methods_supported": secrets,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    assert_eq!(metadata, expected);
}

async fn keys_are_published_without_their_private_halves(server: &Server) {
    let answer = server.anonymous().get("/oauth2/jwks.json").await;
    let set = answer.expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    let published = set["keys"].as_array().unwrap();
    assert!(!published.is_empty());
    for key in published {
        assert_eq!(keys(key), ["alg", "crv", "kid", "kty", "use", "x", "y"].into(), "{key}");
        assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&"EC".into(), &"P-256".into(), &"ES256".into()));
    }
}

/// O50: exactly as configured.
async fn the_issuer_is_the_address_that_is_configured(store: Store) {
    let public = "https://connix.example:8443";
    let server = Server::start(store, Settings::for_tests().with("server.public_url", public));
    let metadata = server.anonymous().get(METADATA).await.expect(200);
    assert_eq!(metadata["issuer"], public);
    assert_eq!(metadata["token_endpoint"], format!("{public}/oauth2/token"));
}

/// O51.
async fn scripts_of_other_origins_read_nothing(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let registered = CALLBACK.strip_suffix("/callback").unwrap();
    let preflight = |path: &str, origin: &str| {
        let call = server.anonymous().call(Method::OPTIONS, path).header("Origin", origin);
        call.header("Access-Control-Request-Method", "POST").send()
    };
    let calls = |name: &str| name.starts_with("access-control-");
    let names = |answer: &connix_tests::Answer| answer.headers.keys().any(|name| calls(name.as_str()));

    for origin in ["https://evil.example", registered] {
        let call = browser.call(Method::GET, &application.question("read").path()).header("Origin", origin);
        let answer = browser.send(call).await;
        assert!(!names(&answer), "{answer:?}");
        let answer = preflight("/oauth2/authorize", origin).await;
        assert!(!names(&answer), "{answer:?}");
    }
    let code = application.code(&mut browser, "read").await;
    let call = server.anonymous().call(Method::POST, "/oauth2/token").header("Origin", "https://evil.example");
    let answer = call.form(&application.redemption(&code)).send().await;
    assert!(!names(&answer), "{answer:?}");
    assert!(acts_as(server, &answer.tokens().access).await.is_some());
    let answer = preflight("/oauth2/token", "https://evil.example").await;
    assert!(!names(&answer), "{answer:?}");
}
