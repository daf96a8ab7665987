//! Bodies that cannot be read (contract section 2; `reliability.md` H14, H15, V01–V03).

use connix_tests::{Server, on_every_store, unique};
use reqwest::Method;
use serde_json::json;

on_every_store![
    malformed_json_is_refused_with_its_place,
    only_objects_are_bodies,
    depth_is_bounded,
    duplicate_keys_are_refused,
    other_media_types_are_refused,
    json_with_a_charset_is_json,
    encoded_bodies_are_refused,
    a_body_over_the_limit_is_refused,
    a_body_within_the_limit_is_read,
    each_vocabulary_has_its_words_for_it,
    actions_take_no_body_or_an_empty_object,
];

const PROJECTS: &str = "/api/v1/projects";

async fn malformed_json_is_refused_with_its_place(server: &Server) {
    let client = server.client();
    let call = client.call(Method::POST, PROJECTS).body("application/json", "{\n  \"name\": oops\n}");
    let error = call.send().await.refused(400, "VALIDATION_ERROR");
    let text = error.to_string();
    assert!(text.contains("line 2") && text.contains("column"), "{text}");
}

/// V01.
async fn only_objects_are_bodies(server: &Server) {
    let bodies: [&[u8]; 10] = [
        b"",
        b"{\"name\":",
        b"[]",
        b"null",
        b"\"x\"",
        b"12",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b"{\"name\":\"\xff\"}",
        b"name=abc",
    ];
    for body in bodies {
        let call = server.client().call(Method::POST, PROJECTS).body("application/json", body.to_vec());
        call.send().await.refused(400, "VALIDATION_ERROR");
    }
}

/// V02.
async fn depth_is_bounded(server: &Server) {
    for depth in [33, 128, 100_000] {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let body = format!(r#"{{"name":"{}","metadata":{{"deep":{value}}}}}"#, unique("deep"));
        let call = server.client().call(Method::POST, PROJECTS).body("application/json", body);
        call.send().await.refused(400, "VALIDATION_ERROR");
    }
}

/// V03.
async fn duplicate_keys_are_refused(server: &Server) {
    let bodies = [
        r#"{"name":"aaa","name":"bbb"}"#,
        r#"{"name":"aaa","metadata":{"k":1,"k":1}}"#,
        r#"{"name":"aaa","n\u0061me":"bbb"}"#,
    ];
    for body in bodies {
        let call = server.client().call(Method::POST, PROJECTS).body("application/json", body);
        call.send().await.refused(400, "VALIDATION_ERROR");
    }
}

/// H14.
async fn other_media_types_are_refused(server: &Server) {
    let client = server.client();
    let body = || json!({ "name": unique("typed") }).to_string();
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "json", ""]
    {
        let call = client.call(Method::POST, PROJECTS).body(media_type, body());
        call.send().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    client.call(Method::POST, PROJECTS).untyped(body()).send().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
}

async fn json_with_a_charset_is_json(server: &Server) {
    for media_type in ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"] {
        let body = json!({ "name": unique("charset") }).to_string();
        server.client().call(Method::POST, PROJECTS).body(media_type, body).send().await.expect(201);
    }
}

/// H15.
async fn encoded_bodies_are_refused(server: &Server) {
    for coding in ["gzip", "br", "deflate"] {
        let call = server.client().call(Method::POST, PROJECTS).header("Content-Encoding", coding);
        let call = call.body("application/json", json!({ "name": unique("coded") }).to_string());
        call.send().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
}

async fn a_body_over_the_limit_is_refused(server: &Server) {
    let body = format!(r#"{{"name":"abc","description":"{}"}}"#, "x".repeat(256 * 1024));
    let call = server.client().call(Method::POST, PROJECTS).body("application/json", body);
    call.send().await.refused(413, "PAYLOAD_TOO_LARGE");
}

async fn a_body_within_the_limit_is_read(server: &Server) {
    let name = unique("large");
    let body = format!(r#"{{"name":"{name}"{}}}"#, " ".repeat(255 * 1024));
    server.client().call(Method::POST, PROJECTS).body("application/json", body).send().await.expect(201);
}

async fn each_vocabulary_has_its_words_for_it(server: &Server) {
    let table = [
        ("/api/v1/agents", ["INVALID_REQUEST", "UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE"]),
        ("/api/v1/projects/default/agents", ["validation_error", "unsupported_media_type", "payload_too_large"]),
        ("/v1/projects", ["request.invalid", "request.unsupported_media_type", "request.too_large"]),
    ];
    for (path, [malformed, media_type, size]) in table {
        let call = || server.client().call(Method::POST, path);
        call().body("application/json", "{").send().await.refused(400, malformed);
        call().body("text/plain", "{}").send().await.refused(415, media_type);
        let large = format!("{{{}}}", " ".repeat(256 * 1024));
        call().body("application/json", large).send().await.refused(413, size);
    }
}

async fn actions_take_no_body_or_an_empty_object(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let stop = || client.call(Method::POST, &agent.path("/stop"));
    stop().send().await.expect(200);
    stop().body("application/json", "").send().await.expect(200);
    stop().body("application/json", "{}").send().await.expect(200);
    stop().body("text/plain", "{}").send().await.expect(200);
    stop().untyped("{}").send().await.expect(200);
    let fields = stop().json(&json!({ "force": true })).send().await.refused_fields(400, "validation_error");
    assert_eq!(fields[0].0, "force");
}
