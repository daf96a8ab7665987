//! A worker's tasks: leases, attempts, and that what is stale changes nothing (`reference/runtime.md` 2.2 and 2.4).

use connix_tests::{Agent, Client, ScriptedWorker, Server, Task, eventually, on_every_store};
use serde_json::json;

on_every_store![
    a_repeated_completion_counts_once,
    an_older_attempt_changes_nothing,
    a_released_task_is_taken_again_with_its_journal,
    a_failure_that_may_pass_is_tried_again,
    a_failure_that_cannot_pass_is_final,
    attempts_are_bounded,
    two_claims_at_once_give_a_task_to_one,
    a_foreign_workers_task_is_out_of_reach,
    what_a_lost_worker_held_is_taken_again,
];

async fn claimed(client: &Client, body: serde_json::Value) -> (Agent, ScriptedWorker, Task) {
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let task = agent.task_of(&body).await;
    let claim = worker.claimed().await;
    assert_eq!((&claim["id"], &claim["attempt"], &claim["journal"]), (&json!(task.id), &json!(1), &json!([])));
    (agent, worker, task)
}

/// The task once it can be claimed again, after whatever backoff.
async fn claimed_again(worker: &ScriptedWorker, task: &Task) -> serde_json::Value {
    let claim = eventually("the task is claimed again", async || {
        let answer = worker.claim(1_000).await;
        (answer.status == 200).then(|| answer.json()["task"].clone())
    });
    let claim = claim.await;
    assert_eq!(claim["id"], json!(task.id));
    claim
}

/// F35.
async fn a_repeated_completion_counts_once(server: &Server) {
    let (agent, worker, task) = claimed(&server.client(), json!({ "input": "x" })).await;
    for _ in 0..3 {
        worker.complete(&task.id, 1, "done").await.expect(200);
    }
    eventually("one log line", async || (agent.logs("?level=info").await.len() == 1).then_some(())).await;
    assert_eq!(task.get().await["usage"]["total_tokens"], 17);
}

/// F36, A12.
async fn an_older_attempt_changes_nothing(server: &Server) {
    let (_agent, worker, task) = claimed(&server.client(), json!({ "input": "x" })).await;
    worker.release(&task.id, 1, "drain").await.expect(200);
    assert_eq!(claimed_again(&worker, &task).await["attempt"], 2);
    let event = json!([{ "kind": "message", "data": {}, "at": "2024-01-15T16:20:00Z" }]);
    let stale = [
        worker.complete(&task.id, 1, "stale").await,
        worker.fail(&task.id, 1, "stale", false).await,
        worker.cancelled(&task.id, 1).await,
        worker.journal(&task.id, 1, 1, &event).await,
        worker.complete(&task.id, 9, "future").await,
    ];
    for answer in stale {
        answer.refused(409, "lease_lost");
    }
    let running = task.get().await;
    assert_eq!((&running["status"], &running["attempts"]), (&json!("running"), &json!(2)));
    let lost = worker.heartbeat("busy", 1, &[(&task.id, 1)]).await.expect(200)["lost"].clone();
    assert_eq!(lost, json!([task.id]));
    worker.complete(&task.id, 2, "fresh").await.expect(200);
    assert_eq!(task.get().await["output"], "fresh");
}

async fn a_released_task_is_taken_again_with_its_journal(server: &Server) {
    let (agent, worker, task) = claimed(&server.client(), json!({ "input": "x" })).await;
    let event = json!([{ "kind": "llm.request", "data": { "step": 1 }, "at": "2024-01-15T16:20:00Z" }]);
    worker.journal(&task.id, 1, 1, &event).await.expect(200);
    worker.release(&task.id, 1, "drain").await.expect(200);
    let again = claimed_again(&worker, &task).await;
    assert_eq!(again["attempt"], 2);
    assert_eq!(again["journal"][0]["data"], json!({ "step": 1 }));
    assert_eq!((&again["journal"][0]["seq"], &again["journal"][0]["attempt"]), (&json!(1), &json!(1)));
    assert!(agent.logs("?level=error").await.is_empty(), "a release is no failure");
}

async fn a_failure_that_may_pass_is_tried_again(server: &Server) {
    let (agent, worker, task) = claimed(&server.client(), json!({ "input": "x" })).await;
    worker.fail(&task.id, 1, "connection_reset", true).await.expect(200);
    assert_eq!(task.get().await["status"], "queued");
    assert_eq!(claimed_again(&worker, &task).await["attempt"], 2);
    worker.complete(&task.id, 2, "at last").await.expect(200);
    let done = task.get().await;
    assert_eq!((&done["status"], &done["attempts"], &done["error"]), (&json!("completed"), &json!(2), &json!(null)));
    assert_eq!(done["usage"]["total_tokens"], 34, "what the failed attempt cost counts, too");
    assert!(agent.logs("?level=error").await.is_empty(), "it did not fail for good");
}

async fn a_failure_that_cannot_pass_is_final(server: &Server) {
    let (agent, worker, task) = claimed(&server.client(), json!({ "input": "x" })).await;
    worker.fail(&task.id, 1, "model_not_found", false).await.expect(200);
    let failed = task.get().await;
    assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(failed["error"]["code"], "model_not_found");
    assert_eq!(failed["error"]["message"], "so the test wants it");
    assert!(failed["completed_at"].is_string(), "{failed}");
    assert_eq!(agent.status().await, "running", "a failed task is not a failed agent");
}

async fn attempts_are_bounded(server: &Server) {
    let (_agent, worker, task) = claimed(&server.client(), json!({ "input": "x", "max_attempts": 2 })).await;
    worker.fail(&task.id, 1, "connection_reset", true).await.expect(200);
    claimed_again(&worker, &task).await;
    worker.fail(&task.id, 2, "connection_reset", true).await.expect(200);
    let failed = task.get().await;
    assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(2)));
}

async fn two_claims_at_once_give_a_task_to_one(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.task("only one").await;
    let (one, two) = tokio::join!(worker.claim(0), worker.claim(0));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [200, 204]);
}

async fn a_foreign_workers_task_is_out_of_reach(server: &Server) {
    let client = server.client();
    let (_agent, _worker, task) = claimed(&client, json!({ "input": "mine" })).await;
    let other = client.external_agent(&client.project().await).await.worker().await;
    let answer = other.complete(&task.id, 1, "stolen").await;
    assert!(matches!(answer.status, 404 | 409), "{answer:?}");
    let stranger = server.tenant().client;
    let stranger = stranger.external_agent(&stranger.project().await).await.worker().await;
    let answer = stranger.complete(&task.id, 1, "stolen").await;
    assert!(matches!(answer.status, 404 | 409), "{answer:?}");
    assert_eq!(task.get().await["status"], "running");
}

/// F36: a new incarnation takes over what the fenced one held.
async fn what_a_lost_worker_held_is_taken_again(server: &Server) {
    let (agent, worker, task) = claimed(&server.client(), json!({ "input": "x" })).await;
    worker.leave("crashed", 70).await.expect(200);
    let next = agent.worker().await;
    assert_eq!(claimed_again(&next, &task).await["attempt"], 2);
    next.complete(&task.id, 2, "done").await.expect(200);
    assert_eq!(task.get().await["status"], "completed");
}
