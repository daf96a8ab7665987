//! Registering applications.

use connix_tests::{CALLBACK, Server, on_every_store, unique};
use serde_json::json;

on_every_store![
    a_registered_application_comes_back_as_it_was_and_its_secret_only_once,
    an_address_that_could_lead_elsewhere_is_not_registered,
    what_is_wrong_with_an_order_is_named,
    both_secrets_are_taken_while_one_replaces_the_other,
];

const CLIENTS: &str = "/api/v1/oauth-clients";

async fn a_registered_application_comes_back_as_it_was_and_its_secret_only_once(server: &Server) {
    let client = server.tenant().client;
    for (kind, has_secret) in [("public", false), ("confidential", true)] {
        let order = json!({
            "name": unique("Calendar"),
            "type": kind,
            "redirect_uris": [CALLBACK, "http://127.0.0.1/cb"],
            "scopes": ["read", "write"],
        });
        let mut made = client.post(CLIENTS, &order).await.expect(201);
        let secret = made.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(secret.is_some(), has_secret, "{made}");
        assert!(secret.is_none_or(|secret| secret.as_str().unwrap().starts_with("cxs_")));
        for field in ["name", "type", "redirect_uris", "scopes"] {
            assert_eq!(made[field], order[field], "{field}");
        }
        let one = format!("{CLIENTS}/{}", made["client_id"].as_str().unwrap());
        assert_eq!(client.get(&one).await.expect(200), made);
    }
    let listed = client.get(CLIENTS).await.expect(200);
    assert_eq!(listed["pagination"]["total"], 2);
    assert!(!listed.to_string().contains("cxs_"), "{listed}");
}

/// O05, with the code that contract section 4 gives it.
async fn an_address_that_could_lead_elsewhere_is_not_registered(server: &Server) {
    let client = server.tenant().client;
    for bad in [
        "https://*.app.example/cb",
        "https://app.example*",
        "javascript:alert(1)",
        "app://cb",
        "https://app.example/cb#f",
        "https://user@app.example/cb",
        "http://app.example",
        "http://localhost/cb",
        "https://app.example/a/../cb",
        "https://APP.example/cb",
    ] {
        let order = json!({ "name": "App", "type": "public", "redirect_uris": [CALLBACK, bad] });
        let error = client.post(CLIENTS, &order).await.refused(400, "INVALID_REQUEST");
        assert_eq!(error["details"]["field"], "redirect_uris[1]", "{bad}: {error}");
    }
    assert_eq!(client.get(CLIENTS).await.expect(200)["pagination"]["total"], 0);
}

async fn what_is_wrong_with_an_order_is_named(server: &Server) {
    let client = server.tenant().client;
    let order = json!({ "name": "App", "type": "public", "redirect_uris": [CALLBACK], "scopes": ["read"] });
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("n".repeat(101))),
        ("type", json!("secret")),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(CALLBACK)),
        ("redirect_uris[1]", json!([CALLBACK, CALLBACK])),
        ("scopes", json!(["admin"])),
        ("scopes", json!([])),
        ("client_secret", json!("cxs_of_my_own")),
    ] {
        let mut wrong = order.clone();
        wrong[field.trim_end_matches("[1]")] = value;
        let error = client.post(CLIENTS, &wrong).await.refused(400, "INVALID_REQUEST");
        assert_eq!(error["details"]["field"], field, "{error}");
    }
    for field in ["name", "type", "redirect_uris"] {
        let mut lacking = order.clone();
        lacking.as_object_mut().unwrap().shift_remove(field);
        let error = client.post(CLIENTS, &lacking).await.refused(400, "INVALID_REQUEST");
        assert_eq!(error["details"]["field"], field, "{error}");
    }
    assert_eq!(client.get(CLIENTS).await.expect(200)["pagination"]["total"], 0);
}

/// `reliability.md` 2.4: two live during rotation.
async fn both_secrets_are_taken_while_one_replaces_the_other(server: &Server) {
    let client = server.tenant().client;
    let first = client.application("confidential").await;
    let rotate = format!("{CLIENTS}/{}/rotate-secret", first.id);
    let next = async |grace: u32| {
        let rotated = client.post(&rotate, &json!({ "grace_seconds": grace })).await.expect(200);
        let mut next = first.clone();
        next.secret = Some(rotated["client_secret"].as_str().unwrap().to_owned());
        next
    };
    let second = next(3600).await;
    for application in [&first, &second] {
        assert!(!application.is_active("anything").await);
    }
    let third = next(0).await;
    assert!(!third.is_active("anything").await);
    for application in [&first, &second] {
        application.introspect("anything").await.refused_grant(401, "invalid_client");
    }
    let public = client.application("public").await;
    client.act(&format!("{CLIENTS}/{}/rotate-secret", public.id)).await.refused(400, "INVALID_REQUEST");
}
