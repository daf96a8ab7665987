//! Bad fields on project routes (`reliability.md` 4, table V).

use connix_tests::{Server, on_every_store, unique};
use serde_json::{Map, Value, json};

on_every_store![
    unknown_fields_and_wrong_types_are_named,
    metadata_has_bounds,
    metadata_within_its_bounds_is_kept,
    control_characters_are_refused,
    text_is_stored_as_it_is_given,
    ids_that_are_none_are_not_found,
];

/// V04, T10.
async fn unknown_fields_and_wrong_types_are_named(server: &Server) {
    let table = [
        ("colour", json!("blue")),
        ("org_id", json!("org_0000000000000001")),
        ("description", json!(5)),
        ("description", json!(["a"])),
        ("visibility", json!("secret")),
        ("visibility", json!(true)),
        ("metadata", json!([])),
        ("metadata", json!("text")),
        ("team_id", json!(12)),
        ("canonical_name", json!(12)),
    ];
    for (field, value) in table {
        let body = json!({ "name": unique("fields"), field: value });
        let error = server.client().post("/api/v1/projects", &body).await.refused(400, "VALIDATION_ERROR");
        assert_eq!(error["details"]["field"], field, "{value}: {error}");
    }
}

/// V19, with the bounds of contract section 5: 64 keys of 64 characters, 16 KiB.
async fn metadata_has_bounds(server: &Server) {
    let many: Map<_, _> = (0..65).map(|index| (format!("key{index}"), json!(1))).collect();
    let long_key = json!({ "k".repeat(65): 1 });
    let large = json!({ "text": "x".repeat(16 * 1024) });
    for metadata in [Value::Object(many), long_key, large] {
        let body = json!({ "name": unique("bounds"), "metadata": metadata });
        let error = server.client().post("/api/v1/projects", &body).await.refused(400, "VALIDATION_ERROR");
        let field = error["details"]["field"].as_str().unwrap();
        assert!(field.starts_with("metadata"), "{error}");
    }
}

async fn metadata_within_its_bounds_is_kept(server: &Server) {
    let mut metadata: Map<_, _> = (0..63).map(|index| (format!("key{index}"), json!(index))).collect();
    metadata.insert("k".repeat(64), json!("x".repeat(8 * 1024)));
    let body = json!({ "name": unique("bounds"), "metadata": metadata });
    let made = server.client().post("/api/v1/projects", &body).await.expect(201);
    assert_eq!(made["metadata"], body["metadata"]);
}

/// V07 and contract section 2.
async fn control_characters_are_refused(server: &Server) {
    let client = server.client();
    let table = [
        (r#"{"name":"abc\u0000def"}"#, true),
        (r#"{"name":"abc\ndef"}"#, true),
        (r#"{"name":"abc","canonical_name":"abc\u001bdef"}"#, true),
        (r#"{"name":"abcd","metadata":{"key":"\u0000"}}"#, true),
        (r#"{"name":"abcd","metadata":{"\u0007":1}}"#, true),
        (r#"{"name":"abcd","description":"\u000b"}"#, true),
        (r#"{"name":"abcd","description":"\ud800"}"#, true),
        (r#"{"name":"NAME","description":"tab\tline\r\nnext"}"#, false),
    ];
    for (body, refused) in table {
        let body = body.replace("NAME", &unique("controls"));
        let call = client.call(reqwest::Method::POST, "/api/v1/projects").body("application/json", body.clone());
        let answer = call.send().await;
        assert_eq!(answer.status, if refused { 400 } else { 201 }, "{body}: {}", answer.text());
    }
}

/// V18.
async fn text_is_stored_as_it_is_given(server: &Server) {
    let client = server.client();
    for text in ["'; DROP TABLE projects;--", "$1 %s {}", "\\", "\"quoted\"", "日本語 🦀", "<script>alert(1)</script>"]
    {
        let body = json!({
            "name": text, "canonical_name": unique("text"), "description": text, "metadata": { "key": text, text: 1 },
        });
        let made = client.post("/api/v1/projects", &body).await.expect(201);
        let read = client.get(&format!("/api/v1/projects/{}", made["id"])).await.expect(200);
        for key in ["name", "description", "metadata"] {
            assert_eq!(read[key], body[key], "{text}");
        }
    }
}

/// V16.
async fn ids_that_are_none_are_not_found(server: &Server) {
    let long = "x".repeat(300);
    let ids = [
        "abc-none",
        "-1",
        "1.0",
        "12345678901234567890",
        "0",
        "%F0%9F%A6%80",
        "proj_XYZ",
        "proj_0000000000000000",
        &long,
    ];
    for id in ids {
        server.client().get(&format!("/api/v1/projects/{id}")).await.refused(404, "RESOURCE_NOT_FOUND");
        server.client().delete(&format!("/api/v1/projects/{id}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
}
