//! CANO "API Operations": PUT, PATCH, archiving; what was read can be sent back.

use connix_tests::{Client, Project, Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    a_patch_changes_what_it_names_and_nothing_else,
    a_put_empties_description_and_metadata_and_keeps_the_rest,
    a_put_needs_a_name,
    what_was_read_can_be_sent_back,
    what_the_service_owns_cannot_be_changed,
    a_change_that_changes_nothing_leaves_the_version,
    metadata_is_replaced_whole,
    a_display_name_is_free_text,
    a_canonical_name_obeys_the_rule_and_is_unique,
    every_form_of_the_id_changes_the_same_project,
    an_archived_project_takes_no_agents,
    an_archived_project_becomes_active_again,
    a_name_that_became_free_can_be_taken,
];

fn path(project: &Project) -> String {
    format!("/api/v1/projects/{}", project.uid)
}

async fn whole_project(client: &Client) -> (Project, Value) {
    let project = client.project().await;
    let body = json!({ "description": "before", "metadata": { "a": 1, "b": 2 } });
    let object = client.patch(&path(&project), &body).await.expect(200);
    (project, object)
}

async fn a_patch_changes_what_it_names_and_nothing_else(server: &Server) {
    let client = server.client();
    let (project, before) = whole_project(&client).await;
    let after = client.patch(&path(&project), &json!({ "description": "after" })).await.expect(200);
    assert_eq!(after["description"], "after");
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    for key in ["id", "uid", "name", "canonical_name", "status", "visibility", "team_id", "metadata", "created_at"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    assert_eq!(client.get(&path(&project)).await.expect(200), after);
}

async fn a_put_empties_description_and_metadata_and_keeps_the_rest(server: &Server) {
    let client = server.client();
    let (project, before) = whole_project(&client).await;
    let after = client.put(&path(&project), &json!({ "name": "Another Display Name" })).await.expect(200);
    assert_eq!(after["name"], "Another Display Name");
    assert_eq!(after["metadata"], json!({}));
    assert!(after["description"].as_str().is_none_or(str::is_empty), "{after}");
    for key in ["canonical_name", "status", "visibility", "team_id"] {
        assert_eq!(after[key], before[key], "{key}");
    }
}

async fn a_put_needs_a_name(server: &Server) {
    let client = server.client();
    let (project, before) = whole_project(&client).await;
    let answer = client.put(&path(&project), &json!({ "description": "no name" })).await;
    let error = answer.refused(400, "VALIDATION_ERROR");
    assert_eq!((&error["details"]["field"], &error["details"]["issue"]), (&json!("name"), &json!("is required")));
    assert_eq!(client.get(&path(&project)).await.expect(200), before);
}

/// V21, contract section 2.
async fn what_was_read_can_be_sent_back(server: &Server) {
    let client = server.client();
    let (project, read) = whole_project(&client).await;
    for answer in [client.put(&path(&project), &read).await, client.patch(&path(&project), &read).await] {
        assert_eq!(answer.expect(200), read);
    }
}

/// V21, T19.
async fn what_the_service_owns_cannot_be_changed(server: &Server) {
    let client = server.client();
    let (project, read) = whole_project(&client).await;
    let other = [
        ("id", json!(987_654)),
        ("uid", json!("proj_0000000000000001")),
        ("org_id", json!("org_0000000000000001")),
        ("created_at", json!("2024-01-15T10:30:00Z")),
        ("updated_at", json!("2024-01-15T10:30:00Z")),
        ("colour", json!("blue")),
    ];
    for (key, value) in other {
        let answer = client.patch(&path(&project), &json!({ key: value })).await;
        assert_eq!(answer.refused(400, "VALIDATION_ERROR")["details"]["field"], key);
    }
    assert_eq!(client.get(&path(&project)).await.expect(200), read);
}

async fn a_change_that_changes_nothing_leaves_the_version(server: &Server) {
    let client = server.client();
    let (project, _) = whole_project(&client).await;
    let tag = client.get(&path(&project)).await.etag();
    let same = client.patch(&path(&project), &json!({ "description": "before" })).await;
    assert_eq!(same.etag(), tag);
    let other = client.patch(&path(&project), &json!({ "description": "other" })).await;
    assert_ne!(other.etag(), tag);
}

async fn metadata_is_replaced_whole(server: &Server) {
    let client = server.client();
    let (project, _) = whole_project(&client).await;
    let after = client.patch(&path(&project), &json!({ "metadata": { "c": [3] } })).await.expect(200);
    assert_eq!(after["metadata"], json!({ "c": [3] }));
}

async fn a_display_name_is_free_text(server: &Server) {
    let client = server.client();
    let (project, before) = whole_project(&client).await;
    for name in ["x", "Größe: 5 % (neu)", &"n".repeat(255)] {
        let after = client.patch(&path(&project), &json!({ "name": name })).await.expect(200);
        assert_eq!((&after["name"], &after["canonical_name"]), (&json!(name), &before["canonical_name"]));
    }
    for name in [json!(""), json!("n".repeat(256)), json!("tab\there"), json!(null), json!(5)] {
        let answer = client.patch(&path(&project), &json!({ "name": name })).await;
        assert_eq!(answer.json()["error"]["details"]["field"], "name", "{name}");
        assert_eq!(answer.status, 400, "{name}");
    }
}

async fn a_canonical_name_obeys_the_rule_and_is_unique(server: &Server) {
    let client = server.client();
    let (project, other) = (client.project().await, client.project().await);
    let answer = client.patch(&path(&project), &json!({ "canonical_name": "a_b_c" })).await;
    assert_eq!(answer.refused(400, "INVALID_PROJECT_NAME")["details"]["field"], "canonical_name");
    let answer = client.patch(&path(&project), &json!({ "canonical_name": other.name.to_uppercase() })).await;
    assert_eq!(answer.refused(400, "PROJECT_NAME_TAKEN")["details"]["field"], "canonical_name");
    let fresh = unique("renamed");
    let after = client.patch(&path(&project), &json!({ "canonical_name": fresh })).await.expect(200);
    assert_eq!(after["canonical_name"], json!(fresh));
    client.get(&format!("/api/v1/projects/{}", project.name)).await.refused(404, "RESOURCE_NOT_FOUND");
}

async fn every_form_of_the_id_changes_the_same_project(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let forms = [project.id.to_string(), project.uid.clone(), project.name.clone(), project.name.to_uppercase()];
    for form in forms {
        let body = json!({ "description": form });
        let after = client.patch(&format!("/api/v1/projects/{form}"), &body).await.expect(200);
        assert_eq!((&after["uid"], &after["description"]), (&json!(project.uid), &json!(form)));
    }
}

async fn an_archived_project_takes_no_agents(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let archived = client.patch(&path(&project), &json!({ "status": "archived" })).await.expect(200);
    assert_eq!(archived["status"], "archived");
    agent.reaches("stopped").await;
    let body = json!({ "name": "late", "runtime": "external" });
    client.post(&format!("{}/agents", path(&project)), &body).await.refused(409, "agent_conflict");
    let body = json!({ "name": "late", "project": project.name });
    client.post("/api/v1/agents", &body).await.refused(409, "PROJECT_ARCHIVED");
    for action in ["start", "restart"] {
        agent.act(action).await.refused(409, "agent_conflict");
    }
    assert_eq!(agent.status().await, "stopped");
}

async fn an_archived_project_becomes_active_again(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for status in ["archived", "archived", "active", "active"] {
        let after = client.patch(&path(&project), &json!({ "status": status })).await.expect(200);
        assert_eq!(after["status"], status);
    }
    client.external_agent(&project).await;
    let answer = client.patch(&path(&project), &json!({ "status": "asleep" })).await;
    assert_eq!(answer.refused(400, "VALIDATION_ERROR")["details"]["field"], "status");
}

async fn a_name_that_became_free_can_be_taken(server: &Server) {
    let client = server.client();
    let (project, deleted) = (client.project().await, client.project().await);
    client.patch(&path(&project), &json!({ "canonical_name": unique("moved") })).await.expect(200);
    client.delete(&path(&deleted)).await.expect(200);
    for free in [&project.name, &deleted.name] {
        client.post("/api/v1/projects", &json!({ "name": free })).await.expect(201);
    }
}
