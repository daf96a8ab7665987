//! When tasks are taken, in which order, how many, and how they are cancelled (contract section 6).

use connix_tests::{Server, on_every_store};
use futures_util::future::join_all;
use serde_json::json;

on_every_store![
    tasks_are_queued_in_every_status_but_stopped,
    tasks_are_taken_in_order,
    nothing_is_claimed_while_paused,
    a_queue_that_is_full_refuses_more,
    a_queued_task_is_cancelled_at_once,
    a_running_task_is_cancelled_by_its_worker,
    a_cancel_repeated_is_no_failure_and_an_ended_task_is_a_conflict,
    queued_tasks_outlive_a_stop,
];

/// Nor in error, which `tests/e2e/worker_processes.rs` brings about.
async fn tasks_are_queued_in_every_status_but_stopped(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    agent.task("while creating").await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    agent.task("while running").await;
    agent.put(&json!({ "config": { "max_tokens": 9 } })).await.expect(200);
    agent.task("while updating").await;
    worker.catch_up().await;
    agent.act("pause").await.expect(200);
    agent.task("while paused").await;

    agent.act("stop").await.expect(200);
    client.post(&agent.path("/tasks"), &json!({ "input": "no" })).await.refused(409, "agent_conflict");
    let listed = client.get(&agent.path("/tasks")).await.expect(200);
    assert_eq!(listed["pagination"]["total"], 4);
}

async fn tasks_are_taken_in_order(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let mut ids = Vec::new();
    for input in ["first", "second", "third"] {
        ids.push(agent.task(input).await.id);
    }
    let worker = agent.worker().await;
    for id in ids {
        assert_eq!(worker.claimed().await["id"], json!(id));
        worker.complete(&id, 1, "done").await.expect(200);
    }
    assert_eq!(worker.claim(0).await.status, 204);
}

async fn nothing_is_claimed_while_paused(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    agent.act("pause").await.expect(200);
    let task = agent.task("later").await;
    assert_eq!(worker.claim(0).await.status, 204);
    assert_eq!(worker.heartbeat("idle", 1, &[]).await.expect(200)["desired"], "pause");
    agent.act("start").await.expect(200);
    assert_eq!(worker.claimed().await["id"], json!(task.id));
}

async fn a_queue_that_is_full_refuses_more(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let (path, body) = (agent.path("/tasks"), json!({ "input": "wait" }));
    for _ in 0..20 {
        for answer in join_all((0..50).map(|_| client.post(&path, &body))).await {
            answer.expect(201);
        }
    }
    let answer = client.post(&path, &body).await;
    let error = answer.refused(429, "queue_full");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(error["retry_after"], seconds);
    assert_eq!(client.get(&path).await.expect(200)["pagination"]["total"], 1000);
    let listed = client.get(&agent.path("/tasks?limit=1")).await.expect(200);
    client.act(&agent.path(&format!("/tasks/{}/cancel", listed["tasks"][0]["id"].as_str().unwrap()))).await.expect(200);
    client.post(&path, &body).await.expect(201);
}

async fn a_queued_task_is_cancelled_at_once(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let task = agent.task("never mind").await;
    assert_eq!(task.cancel().await.expect(200)["status"], "cancelled");
    let cancelled = task.get().await;
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled["completed_at"].is_string(), "{cancelled}");
    assert_eq!(agent.worker().await.claim(0).await.status, 204);
}

/// F38.
async fn a_running_task_is_cancelled_by_its_worker(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let task = agent.task("stop it").await;
    worker.claimed().await;
    assert_eq!(task.cancel().await.expect(200)["status"], "running");
    let directives = worker.heartbeat("busy", 1, &[(&task.id, 1)]).await.expect(200);
    assert_eq!(directives["cancel"], json!([task.id]));
    worker.cancelled(&task.id, 1).await.expect(200);
    let cancelled = task.reaches("cancelled").await;
    assert_eq!(cancelled["usage"]["total_tokens"], 17, "what it cost is counted");
    assert_eq!(worker.claim(0).await.status, 204);
}

async fn a_cancel_repeated_is_no_failure_and_an_ended_task_is_a_conflict(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let task = agent.task("twice").await;
    for _ in 0..2 {
        assert_eq!(task.cancel().await.expect(200)["status"], "cancelled");
    }
    let worker = agent.worker().await;
    let task = agent.task("done").await;
    worker.claimed().await;
    worker.complete(&task.id, 1, "done").await.expect(200);
    task.cancel().await.refused(409, "agent_conflict");
    assert_eq!(task.get().await["status"], "completed");
}

/// "Queued while creating, running, updating or paused": what is queued is not lost by a stop.
async fn queued_tasks_outlive_a_stop(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    agent.act("pause").await.expect(200);
    let task = agent.task("be patient").await;
    agent.act("stop").await.expect(200);
    assert_eq!(task.get().await["status"], "queued");
    agent.act("start").await.expect(200);
    assert_eq!(task.reaches("completed").await["output"], "You said: be patient");
}
