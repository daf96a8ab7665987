//! Credentials: who is let in (contract section 2; `reliability.md` table K).

use connix_tests::{
    Answer, Server, Settings, Store, key_of_nobody, on_every_store, unique, with_every_store, wrong_secret_of,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

on_every_store![
    no_credential_is_unauthorized_in_every_vocabulary,
    a_key_is_taken_from_either_header,
    what_is_no_key_is_refused,
    wrong_keys_are_refused_alike_whatever_exists,
    no_character_of_a_key_may_change,
    two_credentials_at_once_are_refused,
    a_key_in_the_address_or_in_the_body_lets_nobody_in,
    an_organisation_is_told_that_its_key_stood_in_an_address,
    the_credential_is_judged_before_the_body,
    a_refused_request_has_no_effect,
    keys_have_the_documented_shape,
];

with_every_store![no_key_stands_in_the_log];

const HELLO: &str = "/api/v1/hello";

async fn hello(server: &Server, header: &str, value: &str) -> Answer {
    server.anonymous().call(Method::GET, HELLO).header(header, value).send().await
}

/// K01.
async fn no_credential_is_unauthorized_in_every_vocabulary(server: &Server) {
    let client = server.anonymous();
    client.get("/api/v1/projects").await.refused(401, "UNAUTHORIZED");
    client.get("/v1/projects").await.refused(401, "auth.unauthorized");
    let error = client.get("/api/v1/projects/default/agents").await.refused(401, "unauthorized");
    assert_eq!(error["message"], "Invalid API key or expired token");
    client.act("/api/v1/worker/sessions").await.refused(401, "unauthorized");
}

/// K10, as contract section 2 decides it.
async fn a_key_is_taken_from_either_header(server: &Server) {
    let key = &server.first_key;
    hello(server, "X-API-Key", key).await.expect(200);
    hello(server, "Authorization", &format!("Bearer {key}")).await.expect(200);
    hello(server, "Authorization", &format!("bearer {key}")).await.expect(200);
    hello(server, "Authorization", &format!("Basic {key}")).await.refused(401, "UNAUTHORIZED");
    hello(server, "Authorization", key).await.refused(401, "UNAUTHORIZED");
}

/// K02, K11.
async fn what_is_no_key_is_refused(server: &Server) {
    let key = &server.first_key;
    let wide: String = key.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    let spaced = format!("{} {}", &key[..20], &key[20..]);
    let keys = [
        "cx_your_api_key_here",
        "",
        "cx_",
        "x",
        &format!("{key}x"),
        &format!("{key}{key}"),
        &key[..53],
        &spaced,
        &wide,
        &key.to_uppercase(),
    ];
    for wrong in keys {
        hello(server, "X-API-Key", wrong).await.refused(401, "UNAUTHORIZED");
    }
}

/// K04, K18: a known name with a wrong secret, an unknown one, and no key at all: the same bytes. That they take the same time is
/// measured in `soak/timing.rs`.
async fn wrong_keys_are_refused_alike_whatever_exists(server: &Server) {
    assert_eq!(key_of_nobody(), "cx_0123456789AB_abcdefghijklmnopqrstuvwxyz0123452BwCOv");
    let keys = [&wrong_secret_of(&server.first_key), &key_of_nobody(), "cx_your_api_key_here", ""];
    let bodies = join_all(keys.map(async |key| {
        let call = server.anonymous().call(Method::GET, HELLO).header("X-API-Key", key);
        let answer = call.header("X-Request-ID", "same").send().await;
        answer.refused(401, "UNAUTHORIZED");
        answer.text()
    }))
    .await;
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

/// K03, K05.
async fn no_character_of_a_key_may_change(server: &Server) {
    let key = &server.first_key;
    for position in 0..key.len() {
        let other = if key[position..].starts_with('A') { "B" } else { "A" };
        let changed = format!("{}{other}{}", &key[..position], &key[position + 1..]);
        assert_eq!(hello(server, "X-API-Key", &changed).await.status, 401, "position {position}");
    }
}

/// K08.
async fn two_credentials_at_once_are_refused(server: &Server) {
    let key = &server.first_key;
    let bearer = format!("Bearer {key}");
    let calls = [("X-API-Key", key, "X-API-Key", key), ("X-API-Key", key, "Authorization", &bearer)];
    for (first, value, second, other) in calls {
        let call = server.anonymous().call(Method::GET, HELLO).header(first, value).header(second, other);
        call.send().await.refused(400, "INVALID_REQUEST");
    }
    let call = server.client().call(Method::GET, "/api/v1/projects/default/agents").header("Authorization", &bearer);
    call.send().await.refused(400, "validation_error");
}

/// K09.
async fn a_key_in_the_address_or_in_the_body_lets_nobody_in(server: &Server) {
    let key = &server.first_key;
    let client = server.anonymous();
    for query in [format!("api_key={key}"), format!("key={key}"), format!("limit=1&access_token={key}"), key.clone()] {
        client.get(&format!("{HELLO}?{query}")).await.refused(401, "UNAUTHORIZED");
    }
    let body = json!({ "name": unique("keyed"), "api_key": key });
    client.post("/api/v1/projects", &body).await.refused(401, "UNAUTHORIZED");
}

/// K09.
async fn an_organisation_is_told_that_its_key_stood_in_an_address(server: &Server) {
    let (tenant, anonymous) = (server.tenant(), server.anonymous());
    let (id, secret) = tenant.client.key().split_at(15);
    for key in [tenant.client.key(), &format!("{id}{}", secret.to_lowercase()), "cx_your_api_key_here"] {
        let encoded = key.replace('_', "%5F");
        anonymous.get(&format!("/api/v1/projects?api_key={encoded}")).await.refused(401, "UNAUTHORIZED");
    }
    let log = tenant.client.get("/api/v1/audit-log?action=credential.in_url").await;
    let found = log.expect(200);
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    let entry = &found["data"][0];
    assert_eq!((&entry["resource"], &entry["credential"]), (&json!({ "type": "api_key", "id": id }), &json!(id)));
    assert_eq!((&entry["outcome"], &entry["ip_address"]), (&json!("refused"), &json!("127.0.0.1")));
    assert!(!log.text().contains(secret), "{found}");
}

/// Contract section 2, order of checks.
async fn the_credential_is_judged_before_the_body(server: &Server) {
    let call = || server.anonymous().call(Method::POST, "/api/v1/projects");
    call().body("text/plain", "{").send().await.refused(401, "UNAUTHORIZED");
    call().body("application/json", "x".repeat(300 * 1024)).send().await.refused(401, "UNAUTHORIZED");
}

async fn a_refused_request_has_no_effect(server: &Server) {
    let name = unique("refused");
    server.anonymous().post("/api/v1/projects", &json!({ "name": name })).await.refused(401, "UNAUTHORIZED");
    server.client().get(&format!("/api/v1/projects/{name}")).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// `^cx_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$`
async fn keys_have_the_documented_shape(server: &Server) {
    for key in [server.first_key.clone(), server.key("default", &[])] {
        let parts: Vec<_> = key.split('_').collect();
        let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
        assert_eq!((parts[0], lengths), ("cx", vec![2, 12, 38]), "{key}");
        assert!(parts.concat().bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
    }
}

/// K09: key text in no log, however much is logged.
async fn no_key_stands_in_the_log(store: Store) {
    let server = Server::start(store, Settings::for_tests().with("log.level", "trace"));
    let key = server.key("default", &[]);
    let client = server.client_with(&key);
    client.get("/api/v1/projects").await.expect(200);
    client.get(&format!("/api/v1/projects?api_key={key}")).await.refused(400, "VALIDATION_ERROR");
    server.anonymous().get(&format!("/api/v1/projects?api_key={key}")).await.refused(401, "UNAUTHORIZED");
    server.anonymous().get(&format!("/api/v1/nothing/{key}")).await.refused(404, "RESOURCE_NOT_FOUND");
    client.post("/api/v1/projects", &json!({ "name": key })).await.refused(400, "INVALID_PROJECT_NAME");
    let secret = &key[16..];
    let log = server.log();
    assert!(log.contains("TRACE") && !log.contains(secret), "the log shows a key");
}
