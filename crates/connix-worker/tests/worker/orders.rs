//! What the server tells a worker, and what it does about it.

use std::time::Duration;

use connix_testkit::fake_model::{FakeModel, FakeReply};
use connix_worker_protocol::exit_code;
use serde_json::json;

use crate::running_worker::RunningWorker;
use crate::scripted_server::ScriptedServer;

const TASK: &str = "task_00000000000000aa";
const NEVER: Duration = Duration::from_secs(600);

async fn stage() -> (FakeModel, ScriptedServer) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    (model, server)
}

#[tokio::test]
async fn a_cancel_aborts_the_request_and_is_acknowledged_with_the_cost() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("late").after(NEVER));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.cancel(TASK);
    let cancelled = server.call("cancelled").await;
    assert_eq!((&cancelled["attempt"], &cancelled["usage"]["llm_requests"]), (&json!(1), &json!(0)));
    assert!(server.calls("complete").is_empty());
}

#[tokio::test]
async fn a_cancel_before_the_first_step_is_acknowledged_too() {
    let (model, server) = stage().await;
    server.cancel(TASK);
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("cancelled").await;
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn a_pause_holds_the_next_step_and_keeps_the_task() {
    let (model, server) = stage().await;
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let first = FakeReply::message(json!({"content": null, "tool_calls": [call]}));
    model.reply(first.after(Duration::from_millis(200)));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.direct("pause");
    server.state_said("parked").await;
    server.state_said("parked").await;
    let parked = server.calls("heartbeat").pop().unwrap().body;
    assert_eq!((&parked["tasks"][0]["id"], &parked["tasks"][0]["attempt"]), (&json!(TASK), &json!(1)));
    assert_eq!(model.requests().len(), 1);

    server.direct("run");
    server.call("complete").await;
    assert_eq!(model.requests().len(), 2);
}

#[tokio::test]
async fn an_idle_worker_parks_and_claims_again_when_resumed() {
    let (_model, server) = stage().await;
    let _worker = RunningWorker::start(&server);
    server.call("claim").await;
    server.direct("pause");
    server.state_said("parked").await;
    server.offer(TASK, json!("x"));
    server.direct("run");
    server.call("complete").await;
}

#[tokio::test]
async fn a_worker_in_a_long_claim_says_at_once_that_it_is_parked_and_works_again() {
    let (_model, server) = stage().await;
    server.hold_claims();
    let _worker = RunningWorker::start(&server);
    server.call("claim").await;
    server.direct("pause");
    server.state_said("parked").await;
    server.direct("run");
    server.state_said("idle").await;
    assert_eq!(server.calls("claim").len(), 1);
}

#[tokio::test]
async fn a_pause_does_not_use_up_the_tasks_time() {
    let (model, server) = stage().await;
    server.direct("pause");
    let _worker = RunningWorker::start(&server);
    server.state_said("parked").await;
    server.direct("run");
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let first = FakeReply::message(json!({"content": null, "tool_calls": [call]}));
    model.reply(first.after(Duration::from_millis(100)));
    server.offer_until(TASK, json!("x"), 1, json!([]), Duration::from_secs(2));
    model.wait_for_requests(1).await;
    server.direct("pause");
    server.state_said("parked").await;
    // The pause itself is what is tested: it must outlast the deadline.
    tokio::time::sleep(Duration::from_millis(2200)).await;
    server.direct("run");
    server.call("complete").await;
}

#[tokio::test]
async fn a_draining_worker_finishes_what_it_can_and_leaves() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("in time").after(Duration::from_millis(100)));
    server.offer(TASK, json!("x"));
    let mut worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.direct("drain");
    assert_eq!(server.call("complete").await["output"], "in time");
    assert_eq!(worker.exit_code().await, exit_code::TOLD_TO_LEAVE);
    assert_eq!(server.call("end").await, json!({"reason": "told to leave", "code": 0}));
}

#[tokio::test]
async fn a_draining_worker_gives_back_what_takes_too_long() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("late").after(NEVER));
    server.offer(TASK, json!("x"));
    let mut worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    worker.drain();
    server.state_said("draining").await;
    assert_eq!(server.call("release").await["reason"], "drain");
    assert_eq!(worker.exit_code().await, exit_code::TOLD_TO_LEAVE);
}

#[tokio::test]
async fn an_idle_worker_that_is_told_to_drain_leaves_at_once() {
    let (_model, server) = stage().await;
    server.hold_claims();
    let mut worker = RunningWorker::start(&server);
    server.call("claim").await;
    worker.drain();
    assert_eq!(worker.exit_code().await, exit_code::TOLD_TO_LEAVE);
    assert_eq!(server.calls("end").len(), 1);
}

#[tokio::test]
async fn a_worker_that_is_told_to_exit_gives_its_task_back_at_once() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("late").after(NEVER));
    server.offer(TASK, json!("x"));
    let mut worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.direct("exit");
    assert_eq!(server.call("release").await["reason"], "stop");
    assert_eq!(worker.exit_code().await, exit_code::TOLD_TO_LEAVE);
}

#[tokio::test]
async fn a_new_configuration_is_acknowledged_during_a_task_and_used_for_the_next() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("old").after(Duration::from_millis(300)));
    server.offer("task_1", json!("one"));
    let _worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.configure("Be long.");
    assert_eq!(server.call("config-applied").await, json!({"revision": 2}));
    assert!(server.calls("complete").is_empty());
    server.call_where("heartbeat", |body| body["applied_revision"] == 2).await;
    server.offer("task_2", json!("two"));
    server.call_where("complete", |body| body["output"] == "You said: two").await;
    let prompts: Vec<_> = model.requests().iter().map(|request| request.messages[0]["content"].clone()).collect();
    assert_eq!(prompts, ["Be brief.", "Be long."]);
}

#[tokio::test]
async fn a_lost_task_is_dropped_without_a_word_and_the_next_is_claimed() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("late").after(NEVER));
    server.offer("task_1", json!("one"));
    let _worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.lose("task_1");
    server.offer("task_2", json!("two"));
    server.call_where("complete", |body| body["output"] == "You said: two").await;
    let about_the_first = ["complete", "fail", "cancelled", "release"].map(|name| server.calls(name)).concat();
    assert!(about_the_first.iter().all(|call| !call.path.contains("task_1")));
}
