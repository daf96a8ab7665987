//! OVER "Common Headers" and "Error Response Format".

use connix_tests::{Server, keys, on_every_store};
use serde_json::json;

on_every_store![
    the_callers_request_id_comes_back,
    a_request_id_that_could_harm_is_replaced,
    request_ids_differ,
    every_answer_tells_its_time_and_forbids_sniffing,
    the_documents_error_format_is_kept,
    an_answer_is_json_whatever_is_accepted,
    links_do_not_follow_the_host_header,
    a_method_override_is_ignored,
];

async fn the_callers_request_id_comes_back(server: &Server) {
    let longest = "x".repeat(128);
    for id in ["unique-request-identifier", "req_1234567890", "a:b.c_D-9", &longest] {
        let call = |path| server.client().call(reqwest::Method::GET, path).header("X-Request-ID", id);
        assert_eq!(call("/api/v1/hello").send().await.header("x-request-id"), Some(id));
        let error = call("/api/v1/projects/none-such").send().await.refused(404, "RESOURCE_NOT_FOUND");
        assert_eq!(error["request_id"], id);
    }
}

/// H20.
async fn a_request_id_that_could_harm_is_replaced(server: &Server) {
    for id in ["", "a b", "a\"b", "<b>", "\u{e9}", &"x".repeat(129), &"x".repeat(1024)] {
        let call = server.client().call(reqwest::Method::GET, "/api/v1/hello").header("X-Request-ID", id);
        let answer = call.send().await;
        answer.expect(200);
        let ours = answer.header("x-request-id").unwrap();
        assert!(ours.starts_with("req_") && ours.len() >= 14, "{id:?} became {ours:?}");
    }
}

async fn request_ids_differ(server: &Server) {
    let client = server.client();
    let (one, two) = (client.get("/api/v1/hello").await, client.get("/api/v1/hello").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

async fn every_answer_tells_its_time_and_forbids_sniffing(server: &Server) {
    let client = server.client();
    let answers = [
        client.get("/api/v1/hello").await,
        client.get("/v1/projects").await,
        client.post("/api/v1/projects", &json!({})).await,
        client.get("/nothing").await,
        server.anonymous().get("/api/v1/projects").await,
    ];
    for answer in answers {
        let time = answer.header("x-response-time").unwrap_or_else(|| panic!("{}: no X-Response-Time", answer.title));
        assert!(time.strip_suffix("ms").is_some_and(|number| number.parse::<f64>().is_ok()), "{time}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.title);
    }
}

/// `{ "error": { "code": "INVALID_REQUEST", "message": "The request data is invalid", "details": { "field": "name", "issue": "cannot be
/// empty" }, "request_id": "req_1234567890" }}`
async fn the_documents_error_format_is_kept(server: &Server) {
    let call = server.client().call(reqwest::Method::POST, "/api/v1/agents").header("X-Request-ID", "req_1234567890");
    let error = call.json(&json!({ "name": "" })).send().await.refused(400, "INVALID_REQUEST");
    assert_eq!(error["message"], "The request data is invalid");
    assert_eq!((&error["details"]["field"], &error["details"]["issue"]), (&json!("name"), &json!("cannot be empty")));
    assert_eq!(error["request_id"], "req_1234567890");
    assert_eq!(keys(&error), ["code", "message", "details", "request_id"].into());
}

/// H16.
async fn an_answer_is_json_whatever_is_accepted(server: &Server) {
    let call = server.client().call(reqwest::Method::GET, "/api/v1/hello").header("Accept", "application/xml");
    call.send().await.expect(200);
}

/// H21.
async fn links_do_not_follow_the_host_header(server: &Server) {
    let body = json!({ "name": connix_tests::unique("hosted") });
    let call = server.client().call(reqwest::Method::POST, "/api/v1/projects").header("Host", "evil.example");
    let answer = call.json(&body).send().await;
    answer.expect(201);
    assert!(!answer.header("location").unwrap().contains("evil"), "{answer:?}");
}

/// H19.
async fn a_method_override_is_ignored(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let call = client.call(reqwest::Method::GET, &path).header("X-HTTP-Method-Override", "DELETE");
    call.send().await.expect(200);
    let call = client.call(reqwest::Method::POST, "/api/v1/projects").header("X-HTTP-Method-Override", "DELETE");
    call.json(&json!({ "name": connix_tests::unique("override") })).send().await.expect(201);
    client.get(&path).await.expect(200);
}
