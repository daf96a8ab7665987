//! Keys that take each other's place (`reliability.md` 2.2, K06, K07, I10, R09).

use super::api_keys::{make, path, with};
use connix_tests::{Client, Server, on_every_store, unique};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    both_keys_work_until_the_grace_is_over,
    at_most_two_of_a_line_work,
    nobody_gets_the_text_of_another_s_key,
    a_call_is_replayed_to_the_next_key_of_its_line,
];

async fn rotate(client: &Client, key: &Value, body: &Value) -> Value {
    let rotated = client.post(&format!("{}/rotate", path(key)), body).await;
    assert_eq!(rotated.header("cache-control"), Some("no-store"), "{}", rotated.text());
    rotated.expect(201)
}

/// K07, K06.
async fn both_keys_work_until_the_grace_is_over(server: &Server) {
    let owner = server.tenant().client;
    let old = make(&owner, &json!({ "scopes": ["read"] })).await;
    let new = rotate(&owner, &old, &json!({ "grace_seconds": 2 })).await;
    assert_eq!((&new["scopes"], &new["name"], &new["projects"]), (&old["scopes"], &old["name"], &old["projects"]));
    let clients = [with(server, &old), with(server, &new)];
    for client in &clients {
        client.get("/api/v1/projects").await.expect(200);
    }
    let seen = owner.get(&path(&old)).await.expect(200);
    assert_eq!((&seen["status"], &seen["replaced_by"]), (&json!("rotated"), &new["id"]));
    connix_tests::eventually("the old key ends", async || {
        (clients[0].get("/api/v1/projects").await.status == 401).then_some(())
    })
    .await;
    clients[1].get("/api/v1/projects").await.expect(200);
    let at_once = rotate(&owner, &new, &json!({ "grace_seconds": 0 })).await;
    clients[1].get("/api/v1/projects").await.refused(401, "UNAUTHORIZED");
    with(server, &at_once).get("/api/v1/projects").await.expect(200);
    for bad in [json!({ "grace_seconds": 604_801 }), json!({ "grace_seconds": -1 }), json!({ "grace": 1 })] {
        owner.post(&format!("{}/rotate", path(&at_once)), &bad).await.refused(400, "INVALID_REQUEST");
    }
}

async fn at_most_two_of_a_line_work(server: &Server) {
    let owner = server.tenant().client;
    let first = make(&owner, &json!({})).await;
    let answer = owner.act(&format!("{}/rotate", path(&first))).await;
    let second = answer.expect(201);
    owner.act(&format!("{}/rotate", path(&first))).await.refused(409, "CONFLICT");
    owner.patch(&path(&first), &json!({ "name": "again" })).await.refused(409, "CONFLICT");
    owner.act(&format!("{}/rotate", path(&second))).await.refused(409, "CONFLICT");
    owner.delete(&path(&first)).await.expect(200);
    owner.act(&format!("{}/rotate", path(&second))).await.expect(201);
}

async fn nobody_gets_the_text_of_another_s_key(server: &Server) {
    let owner = server.tenant().client;
    let weak = make(&owner, &json!({ "permissions": ["org.api_keys.write"] })).await;
    let strong = make(&owner, &json!({ "scopes": ["write"] })).await;
    let rotation = format!("{}/rotate", path(&strong));
    with(server, &weak).act(&rotation).await.refused(403, "FORBIDDEN");
    with(server, &strong).get("/api/v1/projects").await.expect(200);
}

/// I10.
async fn a_call_is_replayed_to_the_next_key_of_its_line(server: &Server) {
    let owner = server.tenant().client;
    let old = make(&owner, &json!({})).await;
    let new = rotate(&owner, &old, &json!({})).await;
    let (once, body) = (unique("once"), json!({ "name": unique("project") }));
    let ask = async |key: &Value| {
        let client = with(server, key);
        let call = client.call(Method::POST, "/api/v1/projects").header("Idempotency-Key", &once);
        call.json(&body).send().await
    };
    let (first, again) = (ask(&old).await, ask(&new).await);
    first.expect(201);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}
