//! Ending tokens (RFC 7009), and asking what they are worth (RFC 7662).

use connix_tests::{Answer, Application, Server, Tokens, keys, on_every_store};
use serde_json::json;

use super::{Scene, acts_as};

on_every_store![
    an_access_token_ends_alone_and_a_refresh_token_with_its_family,
    what_is_unknown_has_ended,
    another_application_s_token_stays_good,
    who_asks_says_who_it_is,
    a_resource_server_is_told_what_a_token_is_worth,
    a_public_application_is_told_nothing,
    another_organisation_s_token_is_worth_nothing_here,
];

async fn granted(server: &Server, kind: &str) -> (Scene, Application, Tokens) {
    let mut scene = Scene::new(server).await;
    let application = scene.tenant.client.application(kind).await;
    let tokens = application.tokens(&mut scene.browser, "read").await;
    (scene, application, tokens)
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{}", answer.title);
}

async fn an_access_token_ends_alone_and_a_refresh_token_with_its_family(server: &Server) {
    for kind in ["public", "confidential"] {
        let (_, application, tokens) = granted(server, kind).await;
        assert!(acts_as(server, &tokens.access).await.is_some());
        done(&application.revoke(&tokens.access).await);
        assert_eq!(acts_as(server, &tokens.access).await, None);
        let next = application.refresh(&tokens.refresh).await.tokens();
        assert!(acts_as(server, &next.access).await.is_some());
        done(&application.revoke(&next.refresh).await);
        assert_eq!(acts_as(server, &next.access).await, None);
        application.refresh(&next.refresh).await.refused_grant(400, "invalid_grant");
        done(&application.revoke(&next.refresh).await);
    }
}

/// O47.
async fn what_is_unknown_has_ended(server: &Server) {
    let application = server.tenant().client.application("public").await;
    for unknown in ["nonsense", "cxr_0", "a.b.c", &"x".repeat(9000)] {
        done(&application.revoke(unknown).await);
    }
    application.send("/oauth2/revoke", &application.signed(&[])).await.refused_grant(400, "invalid_request");
}

/// O47.
async fn another_application_s_token_stays_good(server: &Server) {
    let (scene, application, tokens) = granted(server, "public").await;
    let other = scene.tenant.client.application("confidential").await;
    for token in [&tokens.access, &tokens.refresh] {
        other.revoke(token).await.refused_grant(400, "unauthorized_client");
    }
    assert!(acts_as(server, &tokens.access).await.is_some());
    application.refresh(&tokens.refresh).await.tokens();
}

/// O47, O48.
async fn who_asks_says_who_it_is(server: &Server) {
    let (_, application, tokens) = granted(server, "confidential").await;
    for path in ["/oauth2/revoke", "/oauth2/introspect"] {
        for form in [
            application.signed(&[("token", &tokens.access)]).without("client_id").without("client_secret"),
            application.signed(&[("token", &tokens.access)]).without("client_secret"),
            application.signed(&[("token", &tokens.access)]).with("client_secret", "cxs_wrong"),
        ] {
            let answer = application.send(path, &form).await;
            answer.refused_grant(401, "invalid_client");
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "{answer:?}");
        }
    }
    assert!(acts_as(server, &tokens.access).await.is_some());
}

async fn a_resource_server_is_told_what_a_token_is_worth(server: &Server) {
    let (scene, application, tokens) = granted(server, "public").await;
    let resource = scene.tenant.client.application("confidential").await;
    let issuer = format!("http://{}", server.installation.listen);
    for (token, kind) in [(&tokens.access, "Bearer"), (&tokens.refresh, "refresh_token")] {
        let answer = resource.introspect(token).await;
        let told = answer.expect(200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let expected = json!({
            "active": true,
            "token_type": kind,
            "scope": "read",
            "client_id": application.id,
            "sub": scene.member.id,
            "aud": issuer,
            "iss": issuer,
            "org": scene.tenant.organisation,
        });
        for name in keys(&expected) {
            assert_eq!(told[name], expected[name], "{name}: {told}");
        }
        assert!(told["exp"].as_i64() > told["iat"].as_i64(), "{told}");
    }
    let next = application.refresh(&tokens.refresh).await.tokens();
    assert!(!resource.is_active(&tokens.refresh).await, "it was used");
    application.revoke(&next.refresh).await;
    assert!(!resource.is_active(&next.access).await);
}

/// O48.
async fn a_public_application_is_told_nothing(server: &Server) {
    let (_, application, tokens) = granted(server, "public").await;
    application.introspect(&tokens.access).await.refused_grant(401, "invalid_client");
}

/// O48.
async fn another_organisation_s_token_is_worth_nothing_here(server: &Server) {
    let (_, _, tokens) = granted(server, "confidential").await;
    let other = server.tenant().client.application("confidential").await;
    for token in [tokens.access.as_str(), &tokens.refresh, "nonsense", "cxr_0", "a.b.c"] {
        assert_eq!(other.introspect(token).await.expect(200), json!({ "active": false }), "{token}");
    }
}
