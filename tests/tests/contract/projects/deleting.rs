//! CANO `DELETE /projects/{id}`.

use connix_tests::{Server, on_every_store};
use serde_json::json;

on_every_store![
    a_deleted_project_is_gone_with_all_its_names,
    a_project_with_agents_alive_needs_cascade,
    stopped_agents_do_not_hold_a_project,
    the_cascade_is_a_boolean,
];

async fn a_deleted_project_is_gone_with_all_its_names(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let answer = client.delete(&format!("/api/v1/projects/{}", project.name)).await.expect(200);
    assert_eq!(answer, json!({ "message": "Project deleted successfully", "project_id": project.id }));
    for form in [project.id.to_string(), project.uid, project.name.clone()] {
        let path = format!("/api/v1/projects/{form}");
        client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
        client.delete(&path).await.refused(404, "RESOURCE_NOT_FOUND");
        client.get(&format!("{path}/agents")).await.refused(404, "project_not_found");
    }
    let listed = client.get(&format!("/api/v1/projects?search={}", project.name)).await.expect(200);
    assert_eq!(listed["pagination"]["total"], 0);
}

async fn a_project_with_agents_alive_needs_cascade(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let path = format!("/api/v1/projects/{}", project.uid);
    client.delete(&path).await.refused(409, "CONFLICT");
    client.delete(&format!("{path}?cascade=false")).await.refused(409, "CONFLICT");
    assert_eq!(agent.status().await, "creating", "a refused request has no effect");
    client.delete(&format!("{path}?cascade=true")).await.expect(200);
    client.get(&agent.path("")).await.refused(404, "project_not_found");
}

async fn stopped_agents_do_not_hold_a_project(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    agent.act("stop").await.expect(200);
    client.delete(&format!("/api/v1/projects/{}", project.uid)).await.expect(200);
}

async fn the_cascade_is_a_boolean(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    for query in ["cascade=yes", "cascade=", "force=true"] {
        client.delete(&format!("{path}?{query}")).await.refused(400, "VALIDATION_ERROR");
    }
    client.get(&path).await.expect(200);
}
