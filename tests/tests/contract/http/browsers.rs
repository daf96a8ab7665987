//! Cross-origin requests (contract section 2; `reliability.md` H23).

use connix_tests::{Answer, Server, Settings, Store, on_every_store, with_every_store};
use reqwest::Method;
use serde_json::json;

on_every_store![no_origin_is_allowed_unless_configured];
with_every_store![
    configured_origins_may_call_and_read_the_headers_they_need,
    origins_of_registered_applications_may_call
];

async fn preflight(server: &Server, path: &str, origin: &str) -> Answer {
    let call = server.anonymous().call(Method::OPTIONS, path).header("Origin", origin);
    let call = call.header("Access-Control-Request-Method", "POST");
    call.header("Access-Control-Request-Headers", "content-type,x-api-key,idempotency-key").send().await
}

async fn no_origin_is_allowed_unless_configured(server: &Server) {
    for path in ["/api/v1/projects", "/v1/projects"] {
        let answer = preflight(server, path, "https://evil.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:?}");
        let answer = server.client().call(Method::GET, path).header("Origin", "https://evil.example").send().await;
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:?}");
    }
}

async fn configured_origins_may_call_and_read_the_headers_they_need(store: Store) {
    let origins = "https://console.example,http://localhost:3000";
    let server = Server::start(store, Settings::for_tests().with("server.cors_origins", origins));
    for origin in origins.split(',') {
        let answer = preflight(&server, "/api/v1/projects", origin).await;
        assert!(answer.status == 200 || answer.status == 204, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert!(answer.listed("access-control-allow-methods").contains(&"post".into()), "{answer:?}");
        for header in ["content-type", "x-api-key", "idempotency-key"] {
            assert!(answer.listed("access-control-allow-headers").contains(&header.into()), "{header}: {answer:?}");
        }
        let answer = server.client().call(Method::GET, "/api/v1/projects").header("Origin", origin).send().await;
        answer.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let exposed = answer.listed("access-control-expose-headers");
        for header in ["etag", "x-request-id", "x-ratelimit-remaining", "retry-after"] {
            assert!(exposed.contains(&header.into()), "{header} in {exposed:?}");
        }
        let refused = server.anonymous().call(Method::GET, "/api/v1/projects").header("Origin", origin).send().await;
        refused.refused(401, "UNAUTHORIZED");
        assert_eq!(refused.header("access-control-allow-origin"), Some(origin), "errors can be read too");
    }
    for other in ["https://evil.example", "https://console.example.evil.example", "http://console.example", "null"] {
        let answer = preflight(&server, "/api/v1/projects", other).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{other}");
    }
    let answer = server.client().call(Method::GET, "/api/v1/projects").header("Origin", "https://evil.example").send();
    assert_eq!(answer.await.header("access-control-allow-origin"), None);
}

/// O51: only while the application is active, and never where cookies count.
async fn origins_of_registered_applications_may_call(store: Store) {
    const ORIGIN: &str = "https://app.example";
    let server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let body = json!({ "name": "App", "type": "public", "redirect_uris": [format!("{ORIGIN}/cb")] });
    let registered = client.post("/api/v1/oauth-clients", &body).await.expect(201);
    let path = format!("/api/v1/oauth-clients/{}", registered["client_id"].as_str().unwrap());
    for called in ["/api/v1/projects", "/oauth2/token", "/oauth2/revoke"] {
        let answer = preflight(&server, called, ORIGIN).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{called}");
        let answer = preflight(&server, called, "https://app.example.evil").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{called}");
    }
    for page in ["/oauth2/authorize", "/console/sign-in"] {
        let answer = server.anonymous().call(Method::GET, page).header("Origin", ORIGIN).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{page}");
    }
    client.patch(&path, &json!({ "status": "disabled" })).await.expect(200);
    let answer = preflight(&server, "/api/v1/projects", ORIGIN).await;
    assert_eq!(answer.header("access-control-allow-origin"), None, "a disabled application calls no more");
}
