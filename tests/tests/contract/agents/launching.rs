//! OVER "Launch Agent": `POST /api/v1/agents`.

use connix_tests::{Server, on_every_store, unique};
use serde_json::json;

on_every_store![
    the_documents_example_launches_by_the_integer_id,
    the_project_may_be_named_in_any_form,
    everything_an_agent_has_can_be_given,
    instructions_are_the_system_prompt,
    two_names_of_one_project_must_agree,
    what_is_wrong_is_said_in_upper_case,
    a_taken_name_is_a_conflict,
    an_unknown_project_is_not_found,
];

const AGENTS: &str = "/api/v1/agents";

async fn the_documents_example_launches_by_the_integer_id(server: &Server) {
    let client = server.tenant().client;
    let project = client.post("/api/v1/projects", &json!({ "name": "my-ai-project" })).await.expect(201);
    let body = json!({ "name": "data-processor", "project_id": project["id"] });
    let launched = client.post(AGENTS, &body).await.expect(201);
    let message = "Agent 'data-processor' successfully launched in project 'my-ai-project'";
    assert_eq!(launched["message"], message);
    assert_eq!(launched["status"], "creating");
    assert_eq!(launched["agent_id"], launched["agent"]["id"]);
    assert_eq!(launched["project_id"], launched["agent"]["project_id"]);
    assert_eq!(launched["project_id"], project["uid"]);
}

async fn the_project_may_be_named_in_any_form(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let forms = [
        json!({ "project_id": project.id }),
        json!({ "project_id": project.id.to_string() }),
        json!({ "project_id": project.uid }),
        json!({ "project_id": project.name }),
        json!({ "project": project.name.to_uppercase() }),
        json!({ "project": project.uid }),
        json!({ "project": project.id }),
    ];
    for mut body in forms {
        body["name"] = unique("agent").into();
        body["runtime"] = "external".into();
        let launched = client.post(AGENTS, &body).await.expect(201);
        assert_eq!(launched["project_id"], json!(project.uid), "{body}");
    }
}

async fn everything_an_agent_has_can_be_given(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let body = json!({
        "name": "whole", "project": project.name, "description": "All of it.", "model": "gpt-4-turbo", "runtime": "external",
        "instructions": ["Be kind."], "config": { "temperature": 0.1, "max_tokens": 5 }, "metadata": { "team": "red" },
    });
    let agent = client.post(AGENTS, &body).await.expect(201)["agent"].clone();
    assert_eq!((&agent["name"], &agent["description"]), (&json!("whole"), &json!("All of it.")));
    let config = &agent["config"];
    assert_eq!((&config["model"], &config["system_prompt"]), (&json!("gpt-4-turbo"), &json!("Be kind.")));
    assert_eq!((&config["temperature"], &config["max_tokens"]), (&json!(0.1), &json!(5)));
    assert_eq!(agent["metadata"]["team"], "red");
}

/// CANO gives them as a list, which is read as lines.
async fn instructions_are_the_system_prompt(server: &Server) {
    for (instructions, prompt) in
        [(json!("Be kind."), "Be kind."), (json!(["Be kind.", "Be brief."]), "Be kind.\nBe brief.")]
    {
        let body = json!({ "name": unique("agent"), "runtime": "external", "instructions": instructions });
        let launched = server.client().post(AGENTS, &body).await.expect(201);
        assert_eq!(launched["agent"]["config"]["system_prompt"], prompt);
    }
}

async fn two_names_of_one_project_must_agree(server: &Server) {
    let client = server.client();
    let (one, two) = (client.project().await, client.project().await);
    let body = json!({ "name": unique("agent"), "runtime": "external", "project": one.name, "project_id": two.id });
    client.post(AGENTS, &body).await.refused(400, "INVALID_REQUEST");
}

async fn what_is_wrong_is_said_in_upper_case(server: &Server) {
    let table = [
        (json!({}), "name"),
        (json!({ "name": 5 }), "name"),
        (json!({ "name": "x", "colour": "blue" }), "colour"),
        (json!({ "name": "x", "project_id": true }), "project_id"),
        (json!({ "name": "x", "model": 4 }), "model"),
        (json!({ "name": "x", "instructions": [1] }), "instructions"),
        (json!({ "name": "x", "config": { "temperature": 3 } }), "config.temperature"),
        (json!({ "name": "x", "config": { "tools": ["telepathy"] } }), "config.tools[0]"),
    ];
    for (body, field) in table {
        let error = server.client().post(AGENTS, &body).await.refused(400, "INVALID_REQUEST");
        let named = error["details"]["field"].as_str().unwrap_or_else(|| panic!("{error}"));
        assert!(named.starts_with(field), "{body}: {error}");
    }
}

async fn a_taken_name_is_a_conflict(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let body = json!({ "name": "taken", "project": project.name, "runtime": "external" });
    client.post(AGENTS, &body).await.expect(201);
    client.post(AGENTS, &body).await.refused(409, "CONFLICT");
}

async fn an_unknown_project_is_not_found(server: &Server) {
    for project in [json!("none-such"), json!(987_654_321), json!("proj_00000000000000aa")] {
        let body = json!({ "name": "lost", "project_id": project });
        server.client().post(AGENTS, &body).await.refused(404, "RESOURCE_NOT_FOUND");
    }
}
