//! API keys by the API: made, seen, changed, revoked (`reliability.md` 2.2).

use connix_tests::{Client, Server, on_every_store, unique};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    a_new_key_is_shown_once_and_works,
    a_key_never_allows_more_than_its_maker,
    a_maker_that_is_limited_hands_on_its_limits,
    a_key_has_an_end,
    a_key_is_changed_and_what_was_read_can_be_sent_back,
    a_revoked_key_is_refused_at_once_and_gone,
    a_key_of_another_organisation_is_not_there,
    every_bad_field_is_named,
    the_last_use_is_noted,
    a_repeated_call_shows_the_same_key_and_the_store_has_no_plaintext,
];

const KEYS: &str = "/api/v1/api-keys";

/// A new key, as it was answered.
pub(super) async fn make(client: &Client, body: &Value) -> Value {
    let mut body = body.clone();
    body["name"] = unique("key").into();
    let made = client.post(KEYS, &body).await;
    assert_eq!(made.header("cache-control"), Some("no-store"), "{}", made.text());
    let key = made.expect(201);
    assert_eq!(made.header("location"), Some(path(&key).as_str()));
    key
}

/// Where a key is.
pub(super) fn path(key: &Value) -> String {
    format!("{KEYS}/{}", key["id"].as_str().unwrap())
}

/// Speaks with a new key.
pub(super) fn with(server: &Server, key: &Value) -> Client {
    server.client_with(key["key"].as_str().unwrap())
}

/// K15.
async fn a_new_key_is_shown_once_and_works(server: &Server) {
    let owner = server.tenant().client;
    let key = make(&owner, &json!({ "scopes": ["read"] })).await;
    let text = key["key"].as_str().unwrap();
    assert!(text.len() == 54 && text.starts_with(key["id"].as_str().unwrap()), "{key}");
    assert_eq!((&key["scopes"], &key["status"], &key["projects"]), (&json!(["read"]), &json!("active"), &Value::Null));
    let reader = with(server, &key);
    reader.get("/api/v1/projects").await.expect(200);
    reader.post("/api/v1/projects", &json!({ "name": unique("no") })).await.refused(403, "FORBIDDEN");
    let secret = text.rsplit('_').next().unwrap();
    for answer in [owner.get(KEYS).await, owner.get(&path(&key)).await] {
        answer.expect(200);
        assert!(!answer.text().contains(secret) && answer.json().get("key").is_none(), "{}", answer.text());
    }
}

/// K14.
async fn a_key_never_allows_more_than_its_maker(server: &Server) {
    let tenant = server.tenant();
    let maker = make(&tenant.client, &json!({ "permissions": ["org.api_keys.write", "data.projects.read"] })).await;
    let maker = with(server, &maker);
    for body in [
        json!({ "name": "more", "scopes": ["read"] }),
        json!({ "name": "more", "permissions": ["data.projects.write"] }),
        json!({ "name": "more", "permissions": ["org.organization.write", "data.projects.read"] }),
    ] {
        maker.post(KEYS, &body).await.refused(403, "FORBIDDEN");
    }
    let less = make(&maker, &json!({ "permissions": ["data.projects.read"] })).await;
    maker.patch(&path(&less), &json!({ "scopes": ["write"] })).await.refused(403, "FORBIDDEN");
    let unsaid = make(&maker, &json!({})).await;
    assert_eq!(unsaid["permissions"], json!(["data.projects.read"]), "the usual, as far as its maker may");
    with(server, &less).post(KEYS, &json!({ "name": "none" })).await.refused(403, "FORBIDDEN");
}

/// K13, T05.
async fn a_maker_that_is_limited_hands_on_its_limits(server: &Server) {
    let tenant = server.tenant();
    let (mine, other) = (tenant.client.project().await, tenant.client.project().await);
    let permissions = json!(["org.api_keys.write", "data.projects.read", "data.projects.write"]);
    let maker = make(&tenant.client, &json!({ "permissions": permissions, "projects": [mine.name] })).await;
    assert_eq!(maker["projects"], json!([mine.uid]));
    let maker = with(server, &maker);
    let inherited = make(&maker, &json!({})).await;
    assert_eq!(inherited["projects"], json!([mine.uid]));
    let body = json!({ "name": "other", "projects": [other.uid] });
    maker.post(KEYS, &body).await.refused(404, "RESOURCE_NOT_FOUND");
    let all = json!({ "projects": null });
    maker.patch(&path(&inherited), &all).await.refused(403, "FORBIDDEN");
    let limited = with(server, &inherited);
    limited.get(&format!("/api/v1/projects/{}", mine.id)).await.expect(200);
    limited.get(&format!("/api/v1/projects/{}", other.id)).await.refused(404, "RESOURCE_NOT_FOUND");
    let listed = limited.get("/api/v1/projects").await.expect(200);
    assert_eq!(listed["pagination"]["total"], 1);
}

/// K06.
async fn a_key_has_an_end(server: &Server) {
    let owner = server.tenant().client;
    let usual = make(&owner, &json!({})).await;
    let date = |text: &Value| chrono::DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap();
    assert_eq!((date(&usual["expires_at"]) - date(&usual["created_at"])).num_days(), 365);
    let now = chrono::Utc::now();
    for days in [-1, 731] {
        let body = json!({ "name": "x", "expires_at": (now + chrono::Duration::days(days)).to_rfc3339() });
        owner.post(KEYS, &body).await.refused(400, "INVALID_REQUEST");
    }
    let soon = (chrono::Utc::now() + chrono::Duration::seconds(2)).to_rfc3339();
    let short = make(&owner, &json!({ "expires_at": soon })).await;
    let client = with(server, &short);
    client.get("/api/v1/hello").await.expect(200);
    connix_tests::eventually("the key ends", async || (client.get("/api/v1/hello").await.status == 401).then_some(()))
        .await;
    assert_eq!(owner.get(&path(&short)).await.expect(200)["status"], "expired");
    owner.patch(&path(&short), &json!({ "name": "again" })).await.refused(409, "CONFLICT");
}

async fn a_key_is_changed_and_what_was_read_can_be_sent_back(server: &Server) {
    let owner = server.tenant().client;
    let project = owner.project().await;
    let key = make(
        &owner,
        &json!({ "scopes": ["write"], "projects": [project.id], "rate_limits": { "agents": { "list": 5 } } }),
    )
    .await;
    let client = with(server, &key);
    let read = owner.get(&path(&key)).await;
    let same = owner.patch(&path(&key), &read.json()).await;
    assert_eq!(same.expect(200)["updated_at"], read.json()["updated_at"], "nothing has changed");
    let change =
        json!({ "name": "renamed", "scopes": ["read"], "projects": null, "rate_limits": { "requests_per_hour": 7 } });
    let stale = owner.call(Method::PATCH, &path(&key)).header("If-Match", "\"99\"").json(&change).send().await;
    stale.refused(412, "PRECONDITION_FAILED");
    let call = owner.call(Method::PATCH, &path(&key)).header("If-Match", &read.etag());
    let changed = call.json(&change).send().await.expect(200);
    assert_eq!((&changed["name"], &changed["scopes"]), (&json!("renamed"), &json!(["read"])));
    assert_eq!((&changed["projects"], &changed["rate_limits"]), (&Value::Null, &json!({ "requests_per_hour": 7 })));
    let body = json!({ "name": unique("no") });
    client.post("/api/v1/projects", &body).await.refused(403, "FORBIDDEN");
    client.get("/api/v1/projects/default").await.expect(200);
    let others = json!({ "user_id": "user_00000000000000aa" });
    owner.patch(&path(&key), &others).await.refused(400, "INVALID_REQUEST");
}

/// K06.
async fn a_revoked_key_is_refused_at_once_and_gone(server: &Server) {
    let owner = server.tenant().client;
    let key = make(&owner, &json!({ "permissions": ["org.api_keys.write", "org.api_keys.read"] })).await;
    let client = with(server, &key);
    client.get(KEYS).await.expect(200);
    let revoked = owner.delete(&path(&key)).await.expect(200);
    assert_eq!(revoked, json!({ "message": "API key revoked successfully", "id": key["id"] }));
    client.get(KEYS).await.refused(401, "UNAUTHORIZED");
    for again in [owner.get(&path(&key)).await, owner.delete(&path(&key)).await] {
        again.refused(404, "RESOURCE_NOT_FOUND");
    }
    owner.act(&format!("{}/rotate", path(&key))).await.refused(404, "RESOURCE_NOT_FOUND");
    let listed = owner.get(KEYS).await.expect(200);
    assert!(listed["data"].as_array().unwrap().iter().all(|other| other["id"] != key["id"]), "{listed}");
}

/// T01.
async fn a_key_of_another_organisation_is_not_there(server: &Server) {
    let (us, them) = (server.tenant().client, server.tenant().client);
    let key = make(&them, &json!({})).await;
    let change = json!({ "name": "taken over" });
    us.get(&path(&key)).await.refused(404, "RESOURCE_NOT_FOUND");
    us.patch(&path(&key), &change).await.refused(404, "RESOURCE_NOT_FOUND");
    us.act(&format!("{}/rotate", path(&key))).await.refused(404, "RESOURCE_NOT_FOUND");
    us.delete(&path(&key)).await.refused(404, "RESOURCE_NOT_FOUND");
    with(server, &key).get("/api/v1/hello").await.expect(200);
    assert_eq!(us.get(KEYS).await.expect(200)["pagination"]["total"], 1);
}

async fn every_bad_field_is_named(server: &Server) {
    let owner = server.client();
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x", "scopes": ["all"] }), "scopes"),
        (json!({ "name": "x", "permissions": ["data.moon.read"] }), "permissions"),
        (json!({ "name": "x", "permissions": [] }), "permissions"),
        (json!({ "name": "x", "projects": [{}] }), "projects[0]"),
        (json!({ "name": "x", "rate_limits": { "requests_per_minute": -1 } }), "rate_limits.requests_per_minute"),
        (json!({ "name": "x", "expires_at": "tomorrow" }), "expires_at"),
        (json!({ "name": "x", "user_id": "user_00000000000000aa" }), "user_id"),
    ] {
        let error = owner.post(KEYS, &body).await.refused(400, "INVALID_REQUEST");
        assert_eq!(error["details"]["field"], field, "{error}");
    }
    for id in ["cx_", "cx_0123456789AB", "key_00000000000000aa", "1"] {
        owner.get(&format!("{KEYS}/{id}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
}

async fn the_last_use_is_noted(server: &Server) {
    let owner = server.tenant().client;
    let key = make(&owner, &json!({})).await;
    assert_eq!(key["last_used_at"], Value::Null);
    with(server, &key).get("/api/v1/hello").await.expect(200);
    connix_tests::eventually("the use of the key is noted", async || {
        owner.get(&path(&key)).await.expect(200)["last_used_at"].is_string().then_some(())
    })
    .await;
}

/// I12.
async fn a_repeated_call_shows_the_same_key_and_the_store_has_no_plaintext(server: &Server) {
    let owner = server.tenant().client;
    let (once, body) = (unique("once"), json!({ "name": "ci" }));
    let ask = async || owner.call(Method::POST, KEYS).header("Idempotency-Key", &once).json(&body).send().await;
    let (first, again) = (ask().await, ask().await);
    first.expect(201);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("cache-control"), Some("no-store"));
    let text = first.json()["key"].as_str().unwrap().to_owned();
    let secret = text.rsplit('_').next().unwrap();
    let kept = match server.installation.database().url() {
        Some(_) => server.installation.database().dump().await.into_bytes(),
        None => {
            let folder = std::fs::read_dir(server.installation.data_folder()).unwrap();
            let files = folder.map(|file| file.unwrap().path()).filter(|path| path.is_file());
            files.flat_map(|path| std::fs::read(path).unwrap()).collect()
        }
    };
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(&text[3..15]), "the public part is there");
    assert!(!holds(secret), "the secret part is not");
}
