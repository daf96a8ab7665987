//! What a key may do: scopes, permissions, project lists (contract section 10; `reliability.md` K12, K13).

use connix_tests::{Server, on_every_store, unique};
use serde_json::json;

on_every_store![
    a_read_key_reads_and_writes_nothing,
    a_write_key_reads_and_writes,
    single_permissions_allow_what_they_say,
    a_key_of_one_project_sees_no_other,
    a_missing_permission_outranks_a_bad_body,
];

async fn a_read_key_reads_and_writes_nothing(server: &Server) {
    let owner = server.client();
    let project = owner.project().await;
    let agent = owner.external_agent(&project).await;
    let reader = server.client_with(&server.key("default", &["--scopes", "read"]));
    let path = format!("/api/v1/projects/{}", project.uid);
    for readable in [path.clone(), format!("{path}/agents"), agent.path(""), agent.path("/logs"), agent.path("/tasks")]
    {
        reader.get(&readable).await.expect(200);
    }
    reader.get("/v1/projects").await.expect(200);

    let body = json!({ "name": unique("forbidden") });
    reader.post("/api/v1/projects", &body).await.refused(403, "FORBIDDEN");
    reader.patch(&path, &body).await.refused(403, "FORBIDDEN");
    reader.put(&path, &body).await.refused(403, "FORBIDDEN");
    reader.delete(&path).await.refused(403, "FORBIDDEN");
    reader.post("/v1/projects", &body).await.refused(403, "auth.forbidden");
    reader.post("/api/v1/agents", &body).await.refused(403, "FORBIDDEN");
    let error = reader.post(&format!("{path}/agents"), &body).await.refused(403, "insufficient_permissions");
    assert_eq!(error["message"], "You don't have permission to access this agent");
    for action in ["start", "pause", "stop", "restart", "tasks", "worker-token"] {
        reader.act(&agent.path(&format!("/{action}"))).await.refused(403, "insufficient_permissions");
    }
    reader.put(&agent.path(""), &body).await.refused(403, "insufficient_permissions");
    reader.delete(&agent.path("")).await.refused(403, "insufficient_permissions");
    assert_eq!(agent.status().await, "creating");
}

async fn a_write_key_reads_and_writes(server: &Server) {
    for scopes in ["write", "read,write"] {
        let writer = server.client_with(&server.key("default", &["--scopes", scopes]));
        let project = writer.project().await;
        let agent = writer.external_agent(&project).await;
        agent.act("stop").await.expect(200);
        writer.get(&format!("/api/v1/projects/{}", project.id)).await.expect(200);
    }
}

async fn single_permissions_allow_what_they_say(server: &Server) {
    let owner = server.client();
    let project = owner.project().await;
    let agent = owner.external_agent(&project).await;
    let path = format!("/api/v1/projects/{}", project.uid);

    let agents_only = server.client_with(&server.key("default", &["--permissions", "data.agents.read"]));
    agents_only.get(&agent.path("")).await.expect(200);
    agents_only.get(&path).await.refused(403, "FORBIDDEN");
    agents_only.delete(&agent.path("")).await.refused(403, "insufficient_permissions");

    let permissions = "data.projects.read,data.projects.write";
    let projects_only = server.client_with(&server.key("default", &["--permissions", permissions]));
    projects_only.patch(&path, &json!({ "description": "allowed" })).await.expect(200);
    projects_only.get(&agent.path("")).await.refused(403, "insufficient_permissions");
    agent.get().await;
}

/// K13: what lies outside the list does not exist for the key.
async fn a_key_of_one_project_sees_no_other(server: &Server) {
    let owner = server.tenant();
    let (mine, other) = (owner.client.project().await, owner.client.project().await);
    let agent = owner.client.external_agent(&other).await;
    for form in [mine.name.clone(), mine.uid.clone(), mine.id.to_string()] {
        let key = server.key(&owner.organisation, &["--projects", &form]);
        let client = server.client_with(&key);
        client.get(&format!("/api/v1/projects/{}", mine.uid)).await.expect(200);
        client.external_agent(&mine).await;
        let path = format!("/api/v1/projects/{}", other.uid);
        client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
        client.patch(&path, &json!({ "description": "no" })).await.refused(404, "RESOURCE_NOT_FOUND");
        client.get(&agent.path("")).await.refused(404, "project_not_found");
        let body = json!({ "name": unique("outside"), "runtime": "external", "project": other.name });
        client.post("/api/v1/agents", &body).await.refused(404, "RESOURCE_NOT_FOUND");
        let listed = client.get("/api/v1/projects").await.expect(200);
        assert_eq!(listed["pagination"]["total"], 1, "{listed}");
        assert_eq!(listed["projects"][0]["uid"], json!(mine.uid));
    }
}

/// Contract section 2, order of checks.
async fn a_missing_permission_outranks_a_bad_body(server: &Server) {
    let reader = server.client_with(&server.key("default", &["--scopes", "read"]));
    let call = reader.call(reqwest::Method::POST, "/api/v1/projects").body("text/plain", "{");
    call.send().await.refused(403, "FORBIDDEN");
    reader.patch("/api/v1/projects/none-such", &json!({})).await.refused(403, "FORBIDDEN");
}
