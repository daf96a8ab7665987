//! A worker's session, from a customer's own worker's point of view (contract section 8, `reference/runtime.md` 2.4).

use connix_tests::{ScriptedWorker, Server, keys, on_every_store};
use reqwest::Method;
use serde_json::json;

on_every_store![
    a_hello_tells_the_worker_what_to_be,
    a_hello_repeated_is_the_same_session,
    a_token_is_no_key_and_a_key_no_token,
    an_unknown_protocol_version_is_refused,
    a_pause_and_a_start_reach_the_worker,
    a_stopped_agents_worker_is_told_to_leave,
    a_new_token_fences_the_worker_before,
    a_second_worker_takes_the_place_of_the_first,
    a_held_heartbeat_is_answered_when_something_changes,
    a_worker_that_leaves_is_waited_for,
];

async fn a_hello_tells_the_worker_what_to_be(server: &Server) {
    let client = server.client();
    let config = json!({ "model": "m", "environment_variables": { "SECRET": "value" } });
    let project = client.project().await;
    let agent = client.agent(&project, json!({ "runtime": "external", "config": config })).await;
    let welcome = agent.worker().await.welcome;
    let expected = [
        "session_id",
        "agent_id",
        "project_id",
        "incarnation",
        "config_revision",
        "config",
        "llm",
        "intervals",
        "limits",
    ];
    assert!(keys(&welcome).is_superset(&expected.into()), "{welcome}");
    assert_eq!((&welcome["agent_id"], &welcome["project_id"]), (&json!(agent.id), &json!(project.uid)));
    assert_eq!(welcome["config"]["environment_variables"], json!({ "SECRET": "value" }));
    for interval in ["heartbeat_ms", "lease_ms", "claim_wait_ms"] {
        assert!(welcome["intervals"][interval].as_u64().is_some_and(|ms| ms > 0), "{welcome}");
    }
    let running = agent.reaches("running").await;
    assert_eq!(running["runtime"]["incarnation"], welcome["incarnation"]);
}

async fn a_hello_repeated_is_the_same_session(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let token = agent.worker_token().await;
    let first = ScriptedWorker::greet(&client, &token, "the-same-nonce").await.expect(200);
    let again = ScriptedWorker::greet(&client, &token, "the-same-nonce").await.expect(200);
    assert_eq!(first["session_id"], again["session_id"]);
    assert_eq!(first["incarnation"], again["incarnation"]);
}

async fn a_token_is_no_key_and_a_key_no_token(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let token = agent.worker_token().await;
    assert!(token.starts_with("cxw_"), "{token}");
    server.client_with(&token).get("/api/v1/hello").await.refused(401, "UNAUTHORIZED");
    let call =
        server.anonymous().call(Method::GET, &agent.path("")).header("Authorization", &format!("Bearer {token}"));
    call.send().await.refused(401, "unauthorized");
    for wrong in [client.key(), "cxw_", "nonsense", &format!("{token}x"), &token.to_uppercase()] {
        ScriptedWorker::greet(&client, wrong, "nonce").await.refused(401, "unauthorized");
    }
}

async fn an_unknown_protocol_version_is_refused(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let token = agent.worker_token().await;
    for version in ["2", "0", "x"] {
        let call = server.anonymous().call(Method::POST, "/api/v1/worker/sessions");
        let call = call.header("Authorization", &format!("Bearer {token}")).header("Connix-Worker-Protocol", version);
        let hello = json!({ "nonce": "n", "worker_version": "0", "slots": 1 });
        call.json(&hello).send().await.refused(426, "protocol_unsupported");
    }
}

async fn a_pause_and_a_start_reach_the_worker(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    let desired = async || worker.heartbeat("idle", 1, &[]).await.expect(200)["desired"].clone();
    assert_eq!(desired().await, "run");
    agent.act("pause").await.expect(200);
    assert_eq!(desired().await, "pause");
    worker.heartbeat("parked", 1, &[]).await.expect(200);
    agent.reaches_phase("parked").await;
    agent.act("start").await.expect(200);
    assert_eq!(desired().await, "run");
    agent.reaches_phase("ready").await;
    assert_eq!(agent.get().await["runtime"]["incarnation"], worker.welcome["incarnation"]);
}

async fn a_stopped_agents_worker_is_told_to_leave(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    agent.act("stop").await.expect(200);
    let directives = worker.heartbeat("idle", 1, &[]).await.expect(200);
    assert!(matches!(directives["desired"].as_str(), Some("drain" | "exit")), "{directives}");
    worker.leave("told to", 0).await.expect(200);
    agent.reaches_phase("none").await;
    worker.heartbeat("idle", 1, &[]).await.refused(410, "instance_fenced");
}

/// F37: of two workers only one can work.
async fn a_new_token_fences_the_worker_before(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let old = agent.worker().await;
    let task = agent.task("whose is it?").await;
    old.claimed().await;
    let new = agent.worker().await;
    assert!(new.welcome["incarnation"].as_u64() > old.welcome["incarnation"].as_u64());
    for answer in
        [old.heartbeat("busy", 1, &[(&task.id, 1)]).await, old.claim(0).await, old.complete(&task.id, 1, "x").await]
    {
        assert!(matches!(answer.status, 401 | 410), "{answer:?}");
    }
    assert_ne!(task.get().await["status"], "completed", "a stale worker changes nothing");
}

/// F37: the same token on two hosts.
async fn a_second_worker_takes_the_place_of_the_first(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let token = agent.worker_token().await;
    let first = ScriptedWorker::hello(&client, token.clone()).await;
    let second = ScriptedWorker::hello(&client, token).await;
    first.heartbeat("idle", 1, &[]).await.refused(410, "instance_fenced");
    first.claim(0).await.refused(410, "instance_fenced");
    assert_eq!(second.heartbeat("idle", 1, &[]).await.expect(200)["desired"], "run");
}

async fn a_held_heartbeat_is_answered_when_something_changes(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    let now = worker.heartbeat("idle", 1, &[]).await.expect(200);
    let begun = std::time::Instant::now();
    let seen = now["directive_version"].as_u64().unwrap();
    let (held, _) = tokio::join!(worker.held_heartbeat(5_000, seen), agent.act("pause"));
    assert_eq!(held.expect(200)["desired"], "pause");
    assert!(begun.elapsed().as_millis() < 4_000, "{:?}", begun.elapsed());
}

async fn a_worker_that_leaves_is_waited_for(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    worker.leave("out of luck", 70).await.expect(200);
    let left = agent.reaches_phase("waiting_for_worker").await;
    assert_eq!(left["status"], "running", "its owner starts another one when he likes");
    assert!(left["runtime"]["last_exit"].is_object(), "{left}");
    worker.heartbeat("idle", 1, &[]).await.refused(410, "instance_fenced");
    let next = agent.worker().await;
    agent.reaches_phase("ready").await;
    assert!(next.welcome["incarnation"].as_u64() > worker.welcome["incarnation"].as_u64());
}
