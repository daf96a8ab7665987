//! AGNT "Create Agent", "Agent Object" and "Get Agent", word for word.

use connix_tests::{Server, keys, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    the_documents_example_answers_in_full,
    get_shows_the_whole_object,
    a_name_alone_takes_the_defaults,
    the_new_agent_is_where_location_says,
    a_version_and_other_metadata_are_kept,
    a_local_agent_starts_by_itself,
    an_external_agent_waits_for_its_worker,
    the_project_may_be_named_in_any_form,
];

async fn the_documents_example_answers_in_full(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let body = json!({
        "name": "Customer Support Agent",
        "description": "Handles customer inquiries and support requests",
        "config": {
            "model": "gpt-4",
            "temperature": 0.3,
            "max_tokens": 1024,
            "tools": ["web_search", "knowledge_base"],
            "system_prompt": "You are a helpful customer support agent for Connix. Always be polite and helpful.",
            "environment_variables": { "SUPPORT_QUEUE": "high_priority", "ESCALATION_THRESHOLD": "3" }
        },
        "metadata": { "environment": "production", "team": "customer-success" }
    });
    let made = client.post(&format!("/api/v1/projects/{}/agents", project.uid), &body).await.expect(201);
    let id = made["id"].as_str().unwrap();
    assert!(id.len() == 22 && id.starts_with("agent_") && id[6..].bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    for key in ["name", "description"] {
        assert_eq!(made[key], body[key]);
    }
    assert_eq!(made["project_id"], json!(project.uid));
    assert_eq!(made["status"], "creating");
    for key in keys(&body["config"]) {
        assert_eq!(made["config"][key], body["config"][key], "config.{key}");
    }
    assert_eq!(made["metadata"]["environment"], "production");
    assert_eq!(made["metadata"]["team"], "customer-success");
    assert_eq!(made["metadata"]["version"], "1.0.0");
    assert!(made["metadata"]["created_by"].as_str().unwrap().starts_with("user_"));
    assert_eq!(made["created_at"], made["updated_at"]);
    assert!(made["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(made["last_activity"], Value::Null);
}

async fn get_shows_the_whole_object(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let config = json!({ "system_prompt": "You are an expert...", "environment_variables": { "CACHE_TTL": "3600" } });
    let agent = client.agent(&project, json!({ "runtime": "external", "config": config })).await;
    let read = agent.get().await;
    let expected = [
        "id",
        "name",
        "description",
        "project_id",
        "status",
        "config",
        "metadata",
        "created_at",
        "updated_at",
        "last_activity",
        "runtime",
    ];
    assert!(keys(&read).is_superset(&expected.into()), "{read}");
    assert_eq!(read["config"]["system_prompt"], "You are an expert...");
    assert_eq!(read["config"]["environment_variables"], json!({ "CACHE_TTL": "3600" }));
    let runtime = ["phase", "incarnation", "restarts", "next_retry_at", "last_exit"];
    assert!(keys(&read["runtime"]).is_superset(&runtime.into()), "{read}");
}

async fn a_name_alone_takes_the_defaults(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.agent(&project, json!({ "name": "Only a Name" })).await;
    let config = &agent.created["config"];
    assert_eq!(config["model"], "gpt-4", "llm.default_model");
    assert_eq!((&config["temperature"], &config["max_tokens"]), (&json!(0.7), &json!(2048)));
    assert_eq!(config["tools"], json!([]));
    assert!(config["system_prompt"].as_str().is_none_or(str::is_empty), "{config}");
    assert_eq!(config["environment_variables"], json!({}));
    assert_eq!(agent.created["metadata"]["version"], "1.0.0");
}

async fn the_new_agent_is_where_location_says(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let body = json!({ "name": "located", "runtime": "external" });
    let answer = client.post(&format!("/api/v1/projects/{}/agents", project.name), &body).await;
    let id = answer.expect(201)["id"].clone();
    let location = answer.header("location").unwrap();
    let path = &location[location.find("/api/").unwrap()..];
    assert_eq!(client.get(path).await.expect(200)["id"], id);
}

async fn a_version_and_other_metadata_are_kept(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let metadata = json!({ "environment": "production", "version": "1.2.3", "nested": { "list": [1, null] } });
    let agent = client.agent(&project, json!({ "runtime": "external", "metadata": metadata })).await;
    let read = agent.get().await;
    for key in keys(&metadata) {
        assert_eq!(read["metadata"][key], metadata[key], "{key}");
    }
}

async fn a_local_agent_starts_by_itself(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.agent(&project, json!({})).await;
    assert_eq!(agent.created["status"], "creating");
    let running = agent.reaches("running").await;
    assert_eq!(running["runtime"]["incarnation"], 1);
    assert_eq!(running["runtime"]["restarts"], 0);
}

async fn an_external_agent_waits_for_its_worker(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    assert_eq!(agent.created["status"], "creating");
    agent.reaches_phase("waiting_for_worker").await;
    let _worker = agent.worker().await;
    agent.reaches("running").await;
}

async fn the_project_may_be_named_in_any_form(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for form in [project.id.to_string(), project.uid.clone(), project.name.to_uppercase()] {
        let path = format!("/api/v1/projects/{form}/agents");
        let body = json!({ "name": unique("agent"), "runtime": "external" });
        let made = client.post(&path, &body).await.expect(201);
        let read = client.get(&format!("{path}/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(read["project_id"], json!(project.uid));
    }
}
