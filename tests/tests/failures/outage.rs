//! A database that goes away and comes back (`reliability.md` F11, I07). The embedded store has no connection to lose.

use connix_tests::{Client, FakeModel, Server, Settings, Store, eventually};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_lost_database_is_a_503_and_nothing_is_lost_with_it() {
    let model = FakeModel::start().await;
    let server = Server::start(Store::Postgres, Settings::with_model(&model));
    let client = server.client();
    let project = client.project().await;
    let agent = client.running_agent(&project, "gpt-4").await;
    let operations = Client::new(server.installation.operations, None);
    let create = async || {
        let call = client.call(Method::POST, "/api/v1/projects").header("Idempotency-Key", "over-the-outage");
        call.json(&json!({ "name": "after-the-outage" })).send().await
    };

    server.installation.database().refuse_connections();
    eventually("readiness says so", async || (operations.get("/readyz").await.status == 503).then_some(())).await;
    assert_eq!(operations.get("/healthz").await.status, 200, "the process lives");
    let answer = create().await;
    answer.refused(503, "SERVICE_UNAVAILABLE");
    assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()), "{answer:?}");
    client.get(&agent.path("")).await.refused(503, "service_unavailable");
    let status = server.anonymous().get("/api/v1/status").await.expect(200);
    assert_eq!(status["status"], "degraded");

    server.installation.database().allow_connections();
    eventually("readiness is back", async || (operations.get("/readyz").await.status == 200).then_some(())).await;
    let made =
        eventually("the retry succeeds", async || Some(create().await).filter(|answer| answer.status != 503)).await;
    made.expect(201);
    let listed = client.get("/api/v1/projects?search=after-the-outage").await.expect(200);
    assert_eq!(listed["pagination"]["total"], 1, "one effect");
    let done = agent.task("are you still there?").await.reaches("completed").await;
    assert_eq!(done["output"], "You said: are you still there?");
}
