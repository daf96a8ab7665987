//! PROJ "Naming Rules": what a project may be called.

use connix_tests::{Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    the_documents_valid_names_are_taken,
    names_of_three_and_of_fifty_characters_are_taken,
    a_bad_name_is_refused_in_the_documents_words,
    every_bad_name_says_what_is_wrong_with_it,
    a_missing_name_is_a_validation_error,
    a_name_that_is_no_text_is_a_validation_error,
];

const RULE: &str = "Project name must be 3-50 characters long and contain only alphanumeric characters and hyphens";

async fn the_documents_valid_names_are_taken(server: &Server) {
    let tenant = server.tenant();
    for name in ["ml-training-pipeline", "data-processing-v2", "customer-analytics", "test123"] {
        let made = tenant.client.post("/api/v1/projects", &json!({ "name": name })).await.expect(201);
        assert_eq!(made["name"], name);
    }
}

/// V06.
async fn names_of_three_and_of_fifty_characters_are_taken(server: &Server) {
    let tenant = server.tenant();
    for name in ["abc", "A-1", "123x", &"n".repeat(50)] {
        tenant.client.post("/api/v1/projects", &json!({ "name": name })).await.expect(201);
    }
}

/// `{ "error": { "code": "INVALID_PROJECT_NAME", "message": "Project name must be 3-50 characters long and contain only alphanumeric
/// characters and hyphens", "details": { "field": "name", "value": "ab", "issue": "too short" } }}`
async fn a_bad_name_is_refused_in_the_documents_words(server: &Server) {
    let answer = server.client().post("/api/v1/projects", &json!({ "name": "ab" })).await;
    let error = answer.refused(400, "INVALID_PROJECT_NAME");
    assert_eq!(error["message"], RULE);
    assert_eq!(error["details"], json!({ "field": "name", "value": "ab", "issue": "too short" }));
}

/// The document's invalid examples, and V05.
async fn every_bad_name_says_what_is_wrong_with_it(server: &Server) {
    let edges = "must start and end with an alphanumeric character";
    let too_long = "n".repeat(51);
    let table = [
        ("", "cannot be empty"),
        ("ab", "too short"),
        (&too_long, "too long"),
        ("-invalid-start", edges),
        ("invalid-end-", edges),
        ("-abc", edges),
        ("abc-", edges),
        ("too_many_underscores", "contains invalid characters"),
        ("a b c", "contains invalid characters"),
        ("abc ", "contains invalid characters"),
        ("naïve", "contains invalid characters"),
        ("ａｂｃ", "contains invalid characters"),
        ("a\u{2011}bc", "contains invalid characters"),
        ("abc/def", "contains invalid characters"),
    ];
    let client = server.client();
    for (name, issue) in table {
        let error =
            client.post("/api/v1/projects", &json!({ "name": name })).await.refused(400, "INVALID_PROJECT_NAME");
        assert_eq!(error["message"], RULE, "{name:?}");
        assert_eq!(error["details"], json!({ "field": "name", "value": name, "issue": issue }));
    }
    let listed = client.get("/api/v1/projects?search=invalid-").await.expect(200);
    assert_eq!(listed["projects"], json!([]), "nothing was made");
}

async fn a_missing_name_is_a_validation_error(server: &Server) {
    let body = json!({ "description": unique("nameless") });
    let error = server.client().post("/api/v1/projects", &body).await.refused(400, "VALIDATION_ERROR");
    assert_eq!(error["details"]["field"], "name");
    assert_eq!(error["details"]["issue"], "is required");
}

async fn a_name_that_is_no_text_is_a_validation_error(server: &Server) {
    for name in [json!(12345), Value::Null, json!({}), json!(["abc"]), json!(true)] {
        let answer = server.client().post("/api/v1/projects", &json!({ "name": name })).await;
        let error = answer.refused(400, "VALIDATION_ERROR");
        assert_eq!(error["details"]["field"], "name", "{name}");
    }
}
