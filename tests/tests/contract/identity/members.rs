//! Members: added, seen, changed (contract section 10).

use connix_tests::{Client, Server, on_every_store, unique};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    a_new_member_is_handed_a_link_once,
    an_address_is_used_once_in_an_organisation,
    the_last_owner_stays,
    a_member_is_changed_by_its_version,
    bad_members_are_refused,
    a_member_of_another_organisation_is_not_there,
];

const MEMBERS: &str = "/api/v1/members";

fn address() -> String {
    format!("{}@example.com", unique("member"))
}

/// A new member, as it was answered.
pub(super) async fn add(client: &Client, role: &str) -> Value {
    let added = client.post(MEMBERS, &json!({ "email": address(), "role": role })).await;
    assert_eq!(added.header("cache-control"), Some("no-store"));
    added.expect(201)
}

fn path(member: &Value) -> String {
    format!("{MEMBERS}/{}", member["id"].as_str().unwrap())
}

async fn a_new_member_is_handed_a_link_once(server: &Server) {
    let owner = server.tenant().client;
    let member = add(&owner, "member").await;
    let url = member["password_link"]["url"].as_str().unwrap();
    assert!(url.starts_with("http://") && url.contains("/console/password?token=cxi_"), "{member}");
    assert_eq!((&member["role"], &member["status"]), (&json!("member"), &json!("invited")));
    let seen = owner.get(&path(&member)).await.expect(200);
    assert!(seen.get("password_link").is_none(), "{seen}");
    let again = owner.act(&format!("{}/password-link", path(&member))).await.expect(200);
    assert_ne!(again["password_link"]["url"], member["password_link"]["url"]);
    let listed = owner.get(&format!("{MEMBERS}?order=asc")).await.expect(200);
    assert_eq!(listed["pagination"]["total"], 2);
    assert_eq!(listed["data"][0]["role"], "owner", "the oldest first");
}

async fn an_address_is_used_once_in_an_organisation(server: &Server) {
    let (us, them) = (server.tenant().client, server.tenant().client);
    let email = address();
    let body = |email: &str| json!({ "email": email, "role": "viewer" });
    us.post(MEMBERS, &body(&email)).await.expect(201);
    let error = us.post(MEMBERS, &body(&email.to_uppercase())).await.refused(409, "CONFLICT");
    assert_eq!(error["details"]["field"], "email");
    them.post(MEMBERS, &body(&email)).await.expect(201);
}

async fn the_last_owner_stays(server: &Server) {
    let owner = server.tenant().client;
    let me = owner.get("/api/v1/me").await.expect(200)["user"].clone();
    for change in [json!({ "role": "admin" }), json!({ "disabled": true })] {
        owner.patch(&path(&me), &change).await.refused(409, "CONFLICT");
    }
    let second = add(&owner, "owner").await;
    owner.patch(&path(&second), &json!({ "disabled": true })).await.expect(200);
    owner.patch(&path(&me), &json!({ "role": "admin" })).await.refused(409, "CONFLICT");
    owner.patch(&path(&second), &json!({ "disabled": false })).await.expect(200);
    // K17: from its next request on the key comes to what its member may now
    owner.patch(&path(&me), &json!({ "role": "admin" })).await.expect(200);
    owner.patch(&path(&second), &json!({ "role": "member" })).await.refused(403, "FORBIDDEN");
    owner.post(MEMBERS, &json!({ "email": address(), "role": "owner" })).await.refused(403, "FORBIDDEN");
    let link = format!("{}/password-link", path(&second));
    owner.act(&link).await.refused(403, "FORBIDDEN");
    owner.patch("/api/v1/organization", &json!({ "name": unique("org") })).await.refused(403, "FORBIDDEN");
    owner.patch(&path(&me), &json!({ "role": "viewer" })).await.expect(200);
    owner.get(&format!("{MEMBERS}?order=asc")).await.refused(403, "FORBIDDEN");
    owner.get("/api/v1/projects").await.expect(200);
    owner.post("/api/v1/projects", &json!({ "name": unique("no") })).await.refused(403, "FORBIDDEN");
}

async fn a_member_is_changed_by_its_version(server: &Server) {
    let owner = server.tenant().client;
    let member = add(&owner, "viewer").await;
    let read = owner.get(&path(&member)).await;
    let email = address();
    let change = async |tag: &str, body: &Value| {
        owner.call(Method::PATCH, &path(&member)).header("If-Match", tag).json(body).send().await
    };
    let changed = change(&read.etag(), &json!({ "role": "admin", "email": email })).await.expect(200);
    assert_eq!((&changed["role"], &changed["email"]), (&json!("admin"), &json!(email)));
    change(&read.etag(), &json!({ "role": "viewer" })).await.refused(412, "PRECONDITION_FAILED");
    let back = owner.get(&path(&member)).await.expect(200);
    assert_eq!(owner.patch(&path(&member), &back).await.expect(200), back, "what was read can be sent back");
    let disabled = owner.patch(&path(&member), &json!({ "disabled": true })).await.expect(200);
    assert_eq!((&disabled["status"], &disabled["disabled"]), (&json!("disabled"), &json!(true)));
}

async fn bad_members_are_refused(server: &Server) {
    let owner = server.client();
    for (body, field) in [
        (json!({ "role": "viewer" }), "email"),
        (json!({ "email": "ada", "role": "viewer" }), "email"),
        (json!({ "email": "ada@example.com" }), "role"),
        (json!({ "email": "ada@example.com", "role": "god" }), "role"),
        (json!({ "email": "ada@example.com", "role": "viewer", "password": "x" }), "password"),
    ] {
        let error = owner.post(MEMBERS, &body).await.refused(400, "INVALID_REQUEST");
        assert_eq!(error["details"]["field"], field, "{error}");
    }
    for id in ["user_00000000000000aa", "user_x", "agent_00000000000000aa", "1"] {
        owner.get(&format!("{MEMBERS}/{id}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
}

/// T01.
async fn a_member_of_another_organisation_is_not_there(server: &Server) {
    let (us, them) = (server.tenant().client, server.tenant().client);
    let member = add(&them, "viewer").await;
    us.get(&path(&member)).await.refused(404, "RESOURCE_NOT_FOUND");
    us.patch(&path(&member), &json!({ "disabled": true })).await.refused(404, "RESOURCE_NOT_FOUND");
    us.act(&format!("{}/password-link", path(&member))).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(us.get(MEMBERS).await.expect(200)["pagination"]["total"], 1);
    assert_eq!(them.get(&path(&member)).await.expect(200)["disabled"], false);
}
