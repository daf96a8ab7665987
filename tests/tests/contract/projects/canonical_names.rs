//! CANO "Creating a Project" and "Creating a Resource in a Project", word for word.

use connix_tests::{Server, on_every_store, unique};
use serde_json::json;

on_every_store![
    the_documents_example_is_taken_as_it_stands,
    an_agent_is_created_in_the_project_named_canonically,
    with_a_canonical_name_the_name_is_free_text,
    a_bad_canonical_name_is_refused_by_its_field,
    a_taken_canonical_name_is_refused_by_its_field,
    a_project_is_found_by_its_canonical_name_in_any_case,
    digits_are_always_the_integer_id,
];

async fn the_documents_example_is_taken_as_it_stands(server: &Server) {
    let client = server.tenant().client;
    let body = json!({
        "name": "Customer Support Bot",
        "canonical_name": "support-bot",
        "metadata": {
            "description": "Resources for our customer support chatbot",
            "team": "customer-success"
        }
    });
    let made = client.post("/api/v1/projects", &body).await.expect(201);
    assert_eq!(made["name"], "Customer Support Bot");
    assert_eq!(made["canonical_name"], "support-bot");
    assert_eq!(made["metadata"], body["metadata"]);
    assert!(made["id"].is_u64());
}

async fn an_agent_is_created_in_the_project_named_canonically(server: &Server) {
    let client = server.tenant().client;
    let body = json!({ "name": "Customer Support Bot", "canonical_name": "support-bot" });
    let project = client.post("/api/v1/projects", &body).await.expect(201);
    let body = json!({
        "name": "Support Assistant",
        "project": "support-bot",
        "instructions": [
            "You are a helpful customer support assistant."
        ],
        "model": "gpt-4-turbo"
    });
    let launched = client.post("/api/v1/agents", &body).await.expect(201);
    let message = "Agent 'Support Assistant' successfully launched in project 'support-bot'";
    assert_eq!(launched["message"], message);
    let agent = &launched["agent"];
    assert_eq!(agent["project_id"], project["uid"]);
    assert_eq!(agent["config"]["model"], "gpt-4-turbo");
    assert_eq!(agent["config"]["system_prompt"], "You are a helpful customer support assistant.");
}

async fn with_a_canonical_name_the_name_is_free_text(server: &Server) {
    let client = server.client();
    for name in ["x", "Legal & Counsel", "日本語", &"n".repeat(255)] {
        let body = json!({ "name": name, "canonical_name": unique("free") });
        assert_eq!(client.post("/api/v1/projects", &body).await.expect(201)["name"], name);
    }
    for name in ["", &"n".repeat(256), "line\nbreak"] {
        let body = json!({ "name": name, "canonical_name": unique("free") });
        let answer = client.post("/api/v1/projects", &body).await;
        assert_eq!(answer.status, 400, "{name:?}: {}", answer.text());
        assert_eq!(answer.json()["error"]["details"]["field"], "name", "{name:?}");
    }
}

async fn a_bad_canonical_name_is_refused_by_its_field(server: &Server) {
    let table = [("ab", "too short"), ("a_b_c", "contains invalid characters"), ("", "cannot be empty")];
    for (canonical, issue) in table {
        let body = json!({ "name": "Any Text", "canonical_name": canonical });
        let error = server.client().post("/api/v1/projects", &body).await.refused(400, "INVALID_PROJECT_NAME");
        assert_eq!(error["details"], json!({ "field": "canonical_name", "value": canonical, "issue": issue }));
    }
}

async fn a_taken_canonical_name_is_refused_by_its_field(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let body = json!({ "name": "Any Text", "canonical_name": project.name.to_uppercase() });
    let error = client.post("/api/v1/projects", &body).await.refused(400, "PROJECT_NAME_TAKEN");
    assert_eq!(error["details"]["field"], "canonical_name");
    let twin = json!({ "name": "The Same Display Name", "canonical_name": unique("twin") });
    client.post("/api/v1/projects", &twin).await.expect(201);
    let twin = json!({ "name": "The Same Display Name", "canonical_name": unique("twin") });
    client.post("/api/v1/projects", &twin).await.expect(201);
}

async fn a_project_is_found_by_its_canonical_name_in_any_case(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let by_id = client.get(&format!("/api/v1/projects/{}", project.id)).await.expect(200);
    for form in [project.uid.clone(), project.name.clone(), project.name.to_uppercase()] {
        assert_eq!(client.get(&format!("/api/v1/projects/{form}")).await.expect(200), by_id, "{form}");
    }
}

async fn digits_are_always_the_integer_id(server: &Server) {
    let client = server.client();
    let digits = "777000777";
    client.post("/api/v1/projects", &json!({ "name": digits })).await.expect(201);
    client.get(&format!("/api/v1/projects/{digits}")).await.refused(404, "RESOURCE_NOT_FOUND");
}
