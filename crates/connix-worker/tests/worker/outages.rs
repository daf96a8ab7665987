//! A worker and a server that cannot hear each other, or do not want to.

use std::time::Duration;

use connix_testkit::fake_model::{FakeModel, FakeReply};
use connix_worker_protocol::exit_code;
use serde_json::json;

use crate::running_worker::{RunningWorker, settings};
use crate::scripted_server::ScriptedServer;

const TASK: &str = "task_00000000000000aa";
const NEVER: Duration = Duration::from_secs(600);

async fn stage() -> (FakeModel, ScriptedServer) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    (model, server)
}

#[tokio::test]
async fn a_fenced_worker_drops_everything_and_leaves_with_0() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("late").after(NEVER));
    server.offer(TASK, json!("x"));
    let mut worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.refuse("heartbeat", 410, "instance_fenced", usize::MAX);
    assert_eq!(worker.exit_code().await, exit_code::TOLD_TO_LEAVE);
    for name in ["complete", "fail", "cancelled", "release", "end"] {
        assert!(server.calls(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_claim_can_fence_as_well() {
    let (_model, server) = stage().await;
    server.refuse("claim", 410, "instance_fenced", usize::MAX);
    assert_eq!(RunningWorker::start(&server).exit_code().await, exit_code::TOLD_TO_LEAVE);
}

#[tokio::test]
async fn a_refused_token_ends_the_worker_with_77() {
    let (_model, server) = stage().await;
    server.refuse("sessions", 401, "unauthorized", 1);
    assert_eq!(RunningWorker::start(&server).exit_code().await, exit_code::CREDENTIALS_REFUSED);
}

#[tokio::test]
async fn a_token_that_is_refused_later_ends_the_worker_with_77() {
    let (_model, server) = stage().await;
    let mut worker = RunningWorker::start(&server);
    server.call("claim").await;
    server.refuse("heartbeat", 401, "unauthorized", usize::MAX);
    assert_eq!(worker.exit_code().await, exit_code::CREDENTIALS_REFUSED);
}

#[tokio::test]
async fn an_unsupported_protocol_ends_the_worker_with_78() {
    let (_model, server) = stage().await;
    server.refuse("sessions", 426, "protocol_unsupported", 1);
    assert_eq!(RunningWorker::start(&server).exit_code().await, exit_code::UNSUPPORTED);
}

#[tokio::test]
async fn an_address_that_is_none_ends_the_worker_with_64() {
    assert_eq!(RunningWorker::start_with(settings("not a url", true)).exit_code().await, exit_code::USAGE);
}

#[tokio::test]
async fn a_lost_lease_drops_that_task_alone() {
    let (model, server) = stage().await;
    server.refuse("events", 409, "lease_lost", 1);
    server.offer("task_1", json!("one"));
    server.offer("task_2", json!("two"));
    let _worker = RunningWorker::start(&server);

    server.call_where("complete", |body| body["output"] == "You said: two").await;
    assert_eq!(server.calls("complete").len(), 1);
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn a_completion_that_comes_too_late_is_forgotten() {
    let (_model, server) = stage().await;
    server.refuse("complete", 409, "lease_lost", 1);
    server.offer("task_1", json!("one"));
    server.offer("task_2", json!("two"));
    let _worker = RunningWorker::start(&server);

    server.call_where("complete", |body| body["output"] == "You said: two").await;
    assert!(server.calls("fail").is_empty());
}

#[tokio::test]
async fn a_server_that_is_ill_for_a_while_loses_nothing() {
    let (model, server) = stage().await;
    for name in ["sessions", "claim", "heartbeat", "events", "complete", "logs"] {
        server.refuse(name, 503, "service_unavailable", 3);
    }
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call_where("complete", |body| body["output"] == "You said: x").await;
    assert_eq!(model.requests().len(), 1);
    let nonces: Vec<_> = server.calls("sessions").iter().map(|call| call.body["nonce"].clone()).collect();
    assert!(nonces.iter().all(|nonce| nonce == &nonces[0]), "a hello is repeated with its nonce");
}

#[tokio::test]
async fn a_worker_waits_for_its_server_and_delivers_when_it_is_back() {
    let (model, mut server) = stage().await;
    model.reply(FakeReply::answer("done meanwhile").after(Duration::from_millis(150)));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.go_away();
    // Longer than the whole lease: a local worker keeps its task.
    tokio::time::sleep(Duration::from_millis(900)).await;
    server.come_back().await;
    let completed = server.call("complete").await;
    assert_eq!(completed["output"], "done meanwhile");
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn no_step_starts_while_the_server_is_silent() {
    let (model, mut server) = stage().await;
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    model.reply(FakeReply::error(503, "ill").retry_after("0.6"));
    model.reply(FakeReply::message(json!({"content": null, "tool_calls": [call]})));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    model.wait_for_requests(1).await;

    server.go_away();
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!(model.requests().len(), 1, "the second try fell into the silence");
    server.come_back().await;
    model.wait_for_requests(2).await;
}

#[tokio::test]
async fn an_external_worker_abandons_before_its_lease_can_end() {
    let (model, mut server) = stage().await;
    model.reply(FakeReply::answer("late").after(NEVER));
    server.offer("task_1", json!("one"));
    let _worker = RunningWorker::start_external(&server);
    model.wait_for_requests(1).await;

    server.go_away();
    tokio::time::sleep(Duration::from_millis(900)).await;
    server.offer("task_2", json!("two"));
    server.come_back().await;
    server.call_where("complete", |body| body["output"] == "You said: two").await;
    assert!(server.calls("release").is_empty(), "what is abandoned is not given back: it may be somebody else's");
}
