//! CANO "Default Project".

use connix_tests::{Server, on_every_store};
use serde_json::json;

on_every_store![
    every_organisation_has_one_from_its_first_moment,
    it_is_protected,
    it_can_be_described_and_keeps_its_canonical_name,
    agents_without_a_project_go_there,
];

const DEFAULT: &str = "/api/v1/projects/default";

async fn every_organisation_has_one_from_its_first_moment(server: &Server) {
    for client in [server.client(), server.tenant().client] {
        let project = client.get(DEFAULT).await.expect(200);
        assert_eq!(project["canonical_name"], "default");
        assert_eq!(project["visibility"], "shared");
        assert_eq!(project["status"], "active");
    }
}

/// V24.
async fn it_is_protected(server: &Server) {
    let client = server.tenant().client;
    let before = client.get(DEFAULT).await.expect(200);
    let uid = format!("/api/v1/projects/{}", before["uid"].as_str().unwrap());
    for path in [DEFAULT, "/api/v1/projects/Default", &uid] {
        client.delete(path).await.refused(409, "DEFAULT_PROJECT_PROTECTED");
        client.delete(&format!("{path}?cascade=true")).await.refused(409, "DEFAULT_PROJECT_PROTECTED");
        for change in [json!({ "status": "archived" }), json!({ "canonical_name": "other-name" })] {
            client.patch(path, &change).await.refused(409, "DEFAULT_PROJECT_PROTECTED");
        }
    }
    assert_eq!(client.get(DEFAULT).await.expect(200), before);
}

async fn it_can_be_described_and_keeps_its_canonical_name(server: &Server) {
    let client = server.tenant().client;
    let change =
        json!({ "name": "Everything Else", "description": "What has no project.", "canonical_name": "default" });
    let after = client.patch(DEFAULT, &change).await.expect(200);
    assert_eq!((&after["name"], &after["canonical_name"]), (&json!("Everything Else"), &json!("default")));
    client.post("/api/v1/projects", &json!({ "name": "default" })).await.refused(400, "PROJECT_NAME_TAKEN");
}

async fn agents_without_a_project_go_there(server: &Server) {
    let client = server.tenant().client;
    let project = client.get(DEFAULT).await.expect(200);
    let launched =
        client.post("/api/v1/agents", &json!({ "name": "homeless", "runtime": "external" })).await.expect(201);
    assert_eq!(launched["message"], "Agent 'homeless' successfully launched in project 'default'");
    assert_eq!(launched["agent"]["project_id"], project["uid"]);
}
