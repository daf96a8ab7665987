//! Where an access token stands, and what it opens.

use connix_tests::{Parameters, Server, on_every_store, unique};
use reqwest::Method;
use serde_json::json;

use super::Scene;

on_every_store![
    a_token_outside_the_header_does_not_count,
    a_read_token_writes_nothing,
    a_token_opens_nothing_of_the_organisation,
    a_token_does_what_its_member_may_and_no_more,
];

const PROJECTS: &str = "/api/v1/projects";

/// O45.
async fn a_token_outside_the_header_does_not_count(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let token = tenant.client.application("public").await.tokens(&mut browser, "read write").await.access;
    let client = server.anonymous();
    client.get(&format!("/api/v1/me?access_token={token}")).await.refused(401, "UNAUTHORIZED");
    let form = Parameters::of(&[("access_token", &token), ("name", "in-a-form")]);
    client.call(Method::POST, PROJECTS).form(&form).send().await.refused(401, "UNAUTHORIZED");
    client.call(Method::GET, "/api/v1/me").header("Cookie", &format!("access_token={token}")).send().await.expect(401);
    let log = server.log();
    assert!(!log.contains(token.rsplit('.').next().unwrap()), "the log shows a token");
}

/// O46.
async fn a_read_token_writes_nothing(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let reader = server.client_with_token(&application.tokens(&mut browser, "read").await.access);
    reader.get(PROJECTS).await.expect(200);
    let answer = reader.post(PROJECTS, &json!({ "name": unique("refused") })).await;
    answer.refused(403, "FORBIDDEN");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    let writer = server.client_with_token(&application.tokens(&mut browser, "read write").await.access);
    writer.post(PROJECTS, &json!({ "name": unique("written") })).await.expect(201);
}

/// Contract section 10: neither scope holds `org.*` or secrets, whatever the member may.
async fn a_token_opens_nothing_of_the_organisation(server: &Server) {
    let tenant = server.tenant();
    let owner = server.member(&tenant.organisation, "owner");
    let client = server.with_access_token(&tenant, &owner, "read write").await;
    for path in ["members", "teams", "api-keys", "oauth-clients", "audit-log"] {
        client.get(&format!("/api/v1/{path}")).await.refused(403, "FORBIDDEN");
    }
    let held = client.get("/api/v1/me").await.expect(200)["permissions"].clone();
    let held: Vec<_> = held.as_array().unwrap().iter().map(|held| held.as_str().unwrap()).collect();
    assert!(held.contains(&"data.projects.write"), "{held:?}");
    assert!(held.iter().all(|held| held.starts_with("data.") && !held.contains("secrets")), "{held:?}");
}

/// Contract section 10: the role now ∩ the scope.
async fn a_token_does_what_its_member_may_and_no_more(server: &Server) {
    let tenant = server.tenant();
    let viewer = server.member(&tenant.organisation, "viewer");
    let client = server.with_access_token(&tenant, &viewer, "read write").await;
    client.get(PROJECTS).await.expect(200);
    client.post(PROJECTS, &json!({ "name": unique("refused") })).await.refused(403, "FORBIDDEN");
    let one = format!("/api/v1/members/{}", viewer.id);
    tenant.client.patch(&one, &json!({ "role": "member" })).await.expect(200);
    client.post(PROJECTS, &json!({ "name": unique("written") })).await.expect(201);
}
