//! OVER "Utility Endpoints" and "Health Check".

use connix_tests::{Server, keys, on_every_store};
use serde_json::json;

on_every_store![
    hello_greets_whom_it_is_told_to,
    hello_greets_the_world_without_a_name,
    hello_needs_a_key,
    hello_shows_markup_as_data,
    hello_takes_no_endless_or_unprintable_names,
    status_is_public_and_tells_what_runs,
    readiness_and_liveness_stand_on_the_operations_listener,
    metrics_are_prometheus_text,
];

async fn hello_greets_whom_it_is_told_to(server: &Server) {
    let answer = server.client().get("/api/v1/hello?name=TestUser").await.expect(200);
    assert_eq!(answer, json!({ "message": "Hello TestUser! Welcome to Connix API v1" }));
    let answer = server.client().get("/api/v1/hello?name=Zo%C3%AB+B%20C").await.expect(200);
    assert_eq!(answer["message"], "Hello Zoë B C! Welcome to Connix API v1");
}

async fn hello_greets_the_world_without_a_name(server: &Server) {
    let answer = server.client().get("/api/v1/hello").await.expect(200);
    assert_eq!(answer, json!({ "message": "Hello World! Welcome to Connix API v1" }));
}

async fn hello_needs_a_key(server: &Server) {
    server.anonymous().get("/api/v1/hello").await.refused(401, "UNAUTHORIZED");
}

/// H26.
async fn hello_shows_markup_as_data(server: &Server) {
    let answer = server.client().get("/api/v1/hello?name=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(answer.expect(200)["message"], "Hello <script>alert(1)</script>! Welcome to Connix API v1");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

/// H26.
async fn hello_takes_no_endless_or_unprintable_names(server: &Server) {
    let client = server.client();
    for name in ["%00", "a%0Ab", "%1B[31m", &"n".repeat(5_000)] {
        let error = client.get(&format!("/api/v1/hello?name={name}")).await.refused(400, "INVALID_REQUEST");
        assert_eq!(error["details"]["field"], "name");
    }
    client.get("/api/v1/hello?nome=x").await.refused(400, "INVALID_REQUEST");
}

async fn status_is_public_and_tells_what_runs(server: &Server) {
    let status = server.anonymous().get("/api/v1/status").await.expect(200);
    let expected = ["status", "version", "api_version", "uptime_seconds", "components"];
    assert!(keys(&status).is_superset(&expected.into()), "{status}");
    assert_eq!(status["status"], "operational");
    assert_eq!(status["api_version"], "v1");
    assert!(status["version"].as_str().is_some_and(|version| version.split('.').count() == 3), "{status}");
    assert!(status["uptime_seconds"].is_number() && status["components"].is_object(), "{status}");
    assert_eq!(server.client().get("/api/v1/status").await.expect(200)["status"], "operational");
}

async fn readiness_and_liveness_stand_on_the_operations_listener(server: &Server) {
    let operations = connix_tests::Client::new(server.installation.operations, None);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(operations.get(path).await.status, 200, "{path}");
    }
    assert_eq!(operations.get("/api/v1/status").await.status, 404, "the API is not served there");
    assert_eq!(server.anonymous().get("/metrics").await.status, 404, "and the metrics not beside the API");
}

async fn metrics_are_prometheus_text(server: &Server) {
    server.client().get("/api/v1/hello").await.expect(200);
    let answer = connix_tests::Client::new(server.installation.operations, None).get("/metrics").await;
    assert_eq!(answer.status, 200);
    let media_type = answer.header("content-type").unwrap();
    assert!(
        media_type.starts_with("text/plain") || media_type.starts_with("application/openmetrics-text"),
        "{media_type}"
    );
    let text = answer.text();
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(text.contains("# TYPE ") && !samples.is_empty(), "{text}");
    for sample in samples {
        let value = sample.rsplit(' ').next().unwrap();
        assert!(value.parse::<f64>().is_ok(), "{sample}");
    }
    assert!(!text.contains("cx_"), "no key is a label");
}
