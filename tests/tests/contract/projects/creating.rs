//! PROJ and OVER "Create Project", word for word.

use connix_tests::{Server, keys, on_every_store, unique};
use futures_util::future::join_all;
use serde_json::json;

on_every_store![
    a_name_alone_makes_a_project,
    the_documents_example_answers_with_its_keys_and_types,
    the_new_project_is_where_location_says,
    everything_that_a_project_has_can_be_given,
    a_taken_name_is_refused_in_the_documents_words,
    names_are_unique_without_regard_to_case,
    of_fifty_equal_names_at_once_one_wins,
    a_name_of_another_organisation_is_free,
];

async fn a_name_alone_makes_a_project(server: &Server) {
    let tenant = server.tenant();
    let made = tenant.client.post("/api/v1/projects", &json!({ "name": "ml-training-pipeline" })).await.expect(201);
    assert_eq!(made["name"], "ml-training-pipeline");
    assert_eq!(made["canonical_name"], "ml-training-pipeline");
    assert_eq!(made["status"], "active");
    assert_eq!(made["visibility"], "private");
    assert_eq!(made["org_id"], tenant.organisation);
    assert_eq!(made["metadata"], json!({}));
}

/// `{ "id": 123, "name": "my-ai-project", "created_at": "2024-01-15T10:30:00Z", "updated_at": "2024-01-15T10:30:00Z"}`
async fn the_documents_example_answers_with_its_keys_and_types(server: &Server) {
    let tenant = server.tenant();
    let made = tenant.client.post("/api/v1/projects", &json!({ "name": "my-ai-project" })).await.expect(201);
    let expected = [
        "id",
        "uid",
        "name",
        "canonical_name",
        "description",
        "status",
        "visibility",
        "org_id",
        "team_id",
        "metadata",
        "created_at",
        "updated_at",
    ];
    assert!(keys(&made).is_superset(&expected.into()), "{made}");
    assert!(made["id"].as_u64().is_some_and(|id| id > 0), "{made}");
    let uid = made["uid"].as_str().unwrap();
    assert!(uid.len() == 21 && uid.starts_with("proj_") && uid[5..].bytes().all(|b| b.is_ascii_hexdigit()), "{uid}");
    assert_eq!(made["name"], "my-ai-project");
    assert_eq!(made["created_at"], made["updated_at"]);
    let created = made["created_at"].as_str().unwrap();
    assert!(created.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(created).is_ok(), "{created}");
    assert!(made["description"].is_null() && made["team_id"].is_null(), "null fields are shown: {made}");
}

async fn the_new_project_is_where_location_says(server: &Server) {
    let client = server.client();
    let answer = client.post("/api/v1/projects", &json!({ "name": unique("located") })).await;
    let made = answer.expect(201);
    let location = answer.header("location").unwrap();
    let path = &location[location.find("/api/").unwrap()..];
    assert_eq!(client.get(path).await.expect(200), made);
}

async fn everything_that_a_project_has_can_be_given(server: &Server) {
    let client = server.client();
    let canonical = unique("whole");
    let body = json!({
        "name": "Whole Project", "canonical_name": canonical, "description": "All of it.", "visibility": "shared",
        "metadata": { "team": "customer-success", "nested": { "list": [1, 2.5, null, true] } },
    });
    let made = client.post("/api/v1/projects", &body).await.expect(201);
    for key in keys(&body) {
        assert_eq!(made[key], body[key], "{key}");
    }
    assert_eq!(client.get(&format!("/api/v1/projects/{}", made["id"])).await.expect(200), made);
}

/// `{ "error": { "code": "PROJECT_NAME_TAKEN", "message": "A project with this name already exists", "details": { "field": "name",
/// "value": "existing-project" } }}`
async fn a_taken_name_is_refused_in_the_documents_words(server: &Server) {
    let tenant = server.tenant();
    let body = json!({ "name": "existing-project" });
    tenant.client.post("/api/v1/projects", &body).await.expect(201);
    let error = tenant.client.post("/api/v1/projects", &body).await.refused(400, "PROJECT_NAME_TAKEN");
    assert_eq!(error["message"], "A project with this name already exists");
    assert_eq!(error["details"], json!({ "field": "name", "value": "existing-project" }));
}

async fn names_are_unique_without_regard_to_case(server: &Server) {
    let client = server.client();
    let name = unique("Mixed-Case");
    client.post("/api/v1/projects", &json!({ "name": name })).await.expect(201);
    for same in [name.to_lowercase(), name.to_uppercase()] {
        client.post("/api/v1/projects", &json!({ "name": same })).await.refused(400, "PROJECT_NAME_TAKEN");
    }
}

/// V08.
async fn of_fifty_equal_names_at_once_one_wins(server: &Server) {
    let client = server.client();
    let body = json!({ "name": unique("contended") });
    let answers = join_all((0..50).map(|_| client.post("/api/v1/projects", &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.refused(400, "PROJECT_NAME_TAKEN");
    }
}

/// T08.
async fn a_name_of_another_organisation_is_free(server: &Server) {
    let body = json!({ "name": "the-same-name" });
    for tenant in [server.tenant(), server.tenant()] {
        tenant.client.post("/api/v1/projects", &body).await.expect(201);
    }
}
