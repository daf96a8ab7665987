//! Who sees which project (contract section 5; `reliability.md` T05, T06, K17).

use connix_tests::{Client, Server, Tenant, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    a_private_project_is_not_there_for_others,
    a_team_sees_its_private_projects,
    a_viewer_sees_shared_projects_and_changes_none,
    nothing_acts_for_a_disabled_member,
];

/// A new member with a role, and a key that acts as it.
async fn member(server: &Server, tenant: &Tenant, role: &str) -> (Value, Client) {
    let member = super::members::add(&tenant.client, role).await;
    let key = server.key(&tenant.organisation, &["--member", member["id"].as_str().unwrap()]);
    (member, server.client_with(&key))
}

async fn project(client: &Client, body: &Value) -> String {
    let mut body = body.clone();
    body["name"] = unique("project").into();
    let made = client.post("/api/v1/projects", &body).await.expect(201);
    format!("/api/v1/projects/{}", made["id"])
}

/// T05.
async fn a_private_project_is_not_there_for_others(server: &Server) {
    let tenant = server.tenant();
    let (_, ada) = member(server, &tenant, "member").await;
    let (_, bob) = member(server, &tenant, "member").await;
    let (_, admin) = member(server, &tenant, "admin").await;
    let mine = project(&ada, &json!({})).await;
    for who in [&ada, &admin, &tenant.client] {
        who.get(&mine).await.expect(200);
    }
    bob.get(&mine).await.refused(404, "RESOURCE_NOT_FOUND");
    bob.patch(&mine, &json!({ "description": "mine" })).await.refused(404, "RESOURCE_NOT_FOUND");
    bob.delete(&mine).await.refused(404, "RESOURCE_NOT_FOUND");
    bob.get(&format!("{mine}/agents")).await.refused(404, "project_not_found");
    bob.get(&format!("{mine}/usage")).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(bob.get("/api/v1/projects").await.expect(200)["pagination"]["total"], 1, "the default one");
    ada.patch(&mine, &json!({ "visibility": "shared" })).await.expect(200);
    bob.get(&mine).await.expect(200);
}

async fn a_team_sees_its_private_projects(server: &Server) {
    let tenant = server.tenant();
    let (_, ada) = member(server, &tenant, "member").await;
    let (bob_member, bob) = member(server, &tenant, "member").await;
    let team = tenant.client.post("/api/v1/teams", &json!({ "name": "Legal" })).await.expect(201);
    let of_team = project(&ada, &json!({ "team_id": team["id"] })).await;
    bob.get(&of_team).await.refused(404, "RESOURCE_NOT_FOUND");
    let members = format!("/api/v1/teams/{}/members", team["id"].as_str().unwrap());
    tenant.client.post(&members, &json!({ "user_id": bob_member["id"] })).await.expect(201);
    bob.get(&of_team).await.expect(200);
    tenant.client.delete(&format!("{members}/{}", bob_member["id"].as_str().unwrap())).await.expect(200);
    bob.get(&of_team).await.refused(404, "RESOURCE_NOT_FOUND");
}

/// T06.
async fn a_viewer_sees_shared_projects_and_changes_none(server: &Server) {
    let tenant = server.tenant();
    let (_, viewer) = member(server, &tenant, "viewer").await;
    let shared = project(&tenant.client, &json!({ "visibility": "shared" })).await;
    viewer.get(&shared).await.expect(200);
    viewer.put(&shared, &json!({ "name": "Mine" })).await.refused(403, "FORBIDDEN");
    viewer.get("/api/v1/members").await.refused(403, "FORBIDDEN");
    let me = viewer.get("/api/v1/me").await.expect(200);
    assert!(me["permissions"].as_array().unwrap().iter().all(|held| held.as_str().unwrap().ends_with(".read")), "{me}");
}

/// K06.
async fn nothing_acts_for_a_disabled_member(server: &Server) {
    let tenant = server.tenant();
    let (ada, client) = member(server, &tenant, "admin").await;
    client.get("/api/v1/me").await.expect(200);
    let path = format!("/api/v1/members/{}", ada["id"].as_str().unwrap());
    tenant.client.patch(&path, &json!({ "disabled": true })).await.expect(200);
    client.get("/api/v1/me").await.refused(401, "UNAUTHORIZED");
    tenant.client.patch(&path, &json!({ "disabled": false })).await.expect(200);
    client.get("/api/v1/me").await.expect(200);
}
