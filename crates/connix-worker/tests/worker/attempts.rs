//! What becomes of a claimed task.

use std::time::Duration;

use connix_testkit::fake_model::{FakeModel, FakeReply};
use serde_json::{Value, json};

use crate::running_worker::RunningWorker;
use crate::scripted_server::ScriptedServer;

const TASK: &str = "task_00000000000000aa";

async fn stage() -> (FakeModel, ScriptedServer) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    (model, server)
}

fn kinds(server: &ScriptedServer) -> Vec<String> {
    server.journal().into_iter().map(|(kind, _)| kind).collect()
}

fn entry(seq: i64, kind: &str, data: Value) -> Value {
    json!({"seq": seq, "attempt": 1, "kind": kind, "data": data, "at": "2024-01-15T16:20:00Z"})
}

#[tokio::test]
async fn a_task_is_answered_journalled_and_reported_with_its_usage() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("Paris.").usage(20, 3));
    server.offer(TASK, json!("Capital of France?"));
    let _worker = RunningWorker::start(&server);

    let completed = server.call("complete").await;
    assert_eq!(
        completed,
        json!({
            "session_id": "session_1", "attempt": 1, "output": "Paris.",
            "usage": {"model": "small", "prompt_tokens": 20, "completion_tokens": 3, "total_tokens": 23, "llm_requests": 1, "estimated": false}
        })
    );
    let journal = server.journal();
    assert_eq!(kinds(&server), ["llm.request", "llm.response", "usage"]);
    assert_eq!(journal[0].1, json!({"step": 1, "model": "small", "messages": 2}));
    assert_eq!(journal[1].1["content"], "Paris.");
    assert_eq!((&journal[2].1["model"], &journal[2].1["total_tokens"]), (&json!("small"), &json!(23)));
}

#[tokio::test]
async fn the_model_is_asked_with_the_agents_configuration() {
    let (model, server) = stage().await;
    server.offer(TASK, json!({"prompt": "Hi"}));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    let request = &model.requests()[0];
    assert_eq!((request.model.as_str(), request.temperature, request.max_tokens), ("small", Some(0.3), Some(64)));
    assert_eq!(request.authorization.as_deref(), Some("Bearer sk-test"));
    assert_eq!(
        request.messages,
        [json!({"role": "system", "content": "Be brief."}), json!({"role": "user", "content": r#"{"prompt":"Hi"}"#})]
    );
}

#[tokio::test]
async fn every_call_carries_token_and_protocol_version() {
    let (_model, server) = stage().await;
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    for name in ["sessions", "heartbeat", "claim", "events", "complete"] {
        let call = &server.calls(name)[0];
        assert_eq!((call.authorization.as_str(), call.protocol.as_str()), ("Bearer cxw_token", "1"), "{name}");
        assert!(call.path.starts_with("/api/v1/worker/"), "{}", call.path);
    }
}

#[tokio::test]
async fn no_step_is_taken_before_a_heartbeat_has_renewed_the_lease() {
    let (model, server) = stage().await;
    server.refuse("heartbeat", 503, "service_unavailable", 20);
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    let renewed = server.calls("heartbeat").iter().position(|call| call.body["tasks"][0]["id"] == TASK);
    assert!(renewed.is_some());
    assert!(server.calls("heartbeat").len() > 20);
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn a_recorded_answer_is_used_and_not_asked_for_again() {
    let (model, server) = stage().await;
    let journal = json!([
        entry(1, "llm.request", json!({"step": 1})),
        entry(2, "llm.response", json!({"content": "From before."}))
    ]);
    server.offer_again(TASK, json!("x"), 2, journal);
    let _worker = RunningWorker::start(&server);

    let completed = server.call("complete").await;
    assert_eq!((&completed["output"], &completed["attempt"]), (&json!("From before."), &json!(2)));
    assert_eq!(completed["usage"]["total_tokens"], 0);
    assert!(model.requests().is_empty());
}

#[tokio::test]
async fn a_resumed_task_goes_on_at_the_first_missing_step() {
    let (model, server) = stage().await;
    let call = json!({"id": "c1", "name": "search", "arguments": "{}"});
    let journal = json!([
        entry(1, "llm.request", json!({"step": 1})),
        entry(2, "llm.response", json!({"content": "", "tool_calls": [call]})),
        entry(3, "usage", json!({})),
        entry(4, "tool.finished", json!({"call_id": "c1", "name": "search", "result": "found"})),
        entry(5, "llm.request", json!({"step": 2})),
    ]);
    server.offer_again(TASK, json!("x"), 2, journal);
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    assert_eq!(model.requests().len(), 1);
    let roles: Vec<_> = model.requests()[0].messages.iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(server.calls("events")[0].body["first_seq"], 6);
}

#[tokio::test]
async fn a_call_of_an_unknown_tool_is_answered_with_an_error_and_the_model_goes_on() {
    let (model, server) = stage().await;
    let call = json!({"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}});
    model.reply(FakeReply::message(json!({"role": "assistant", "content": null, "tool_calls": [call]})));
    model.reply(FakeReply::answer("Without it, then."));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    let completed = server.call("complete").await;
    assert_eq!(completed["output"], "Without it, then.");
    assert_eq!(completed["usage"]["llm_requests"], 2);
    let last = model.requests()[1].messages.last().cloned().unwrap();
    let told = r#"{"error":"unknown_tool","detail":"There is no tool 'search'. Available: none"}"#;
    assert_eq!(last, json!({"role": "tool", "tool_call_id": "c1", "content": told}));
    assert!(!kinds(&server).contains(&"tool.started".to_owned()));
    assert!(kinds(&server).contains(&"tool.finished".to_owned()));
}

#[tokio::test]
async fn a_model_that_never_ends_is_stopped_at_the_bound_on_steps() {
    let (model, server) = stage().await;
    let call = json!({"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}});
    for _ in 0..4 {
        model.reply(FakeReply::message(json!({"content": "", "tool_calls": [call]})));
    }
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    let failed = server.call("fail").await;
    assert_eq!((&failed["error"]["code"], &failed["error"]["retryable"]), (&json!("max_steps"), &json!(false)));
    assert_eq!(failed["usage"]["llm_requests"], 3);
    assert_eq!(model.requests().len(), 3);
}

#[tokio::test]
async fn a_task_that_is_out_of_time_fails_and_its_request_is_aborted() {
    let (model, server) = stage().await;
    model.reply(FakeReply::answer("too late").after(Duration::from_secs(600)));
    server.offer_until(TASK, json!("x"), 1, json!([]), Duration::from_millis(200));
    let _worker = RunningWorker::start(&server);

    let failed = server.call("fail").await;
    assert_eq!((&failed["error"]["code"], &failed["error"]["retryable"]), (&json!("timeout"), &json!(false)));
}

#[tokio::test]
async fn an_output_that_the_server_refuses_fails_the_task() {
    let (_model, server) = stage().await;
    server.refuse("complete", 413, "payload_too_large", 1);
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    assert_eq!(server.call("fail").await["error"]["code"], "report_refused");
}

#[tokio::test]
async fn tasks_are_worked_on_one_after_the_other() {
    let (model, server) = stage().await;
    for id in ["task_1", "task_2", "task_3"] {
        server.offer(id, json!(id));
    }
    let _worker = RunningWorker::start(&server);

    server.call_where("complete", |body| body["output"] == "You said: task_3").await;
    let asked: Vec<_> = model.requests().iter().map(|request| request.messages[1]["content"].clone()).collect();
    assert_eq!(asked, ["task_1", "task_2", "task_3"]);
}

#[tokio::test]
async fn log_lines_arrive_numbered_and_name_their_task() {
    let (_model, server) = stage().await;
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    let answered = |line: &Value| line["message"] == "Model answered" && line["task_id"] == TASK;
    server.call_where("logs", |body| body["lines"].as_array().unwrap().iter().any(answered)).await;
    let first = &server.calls("logs")[0].body;
    assert_eq!(first["first_seq"], 1);
    assert_eq!((&first["lines"][0]["message"], &first["lines"][0]["level"]), (&json!("Worker ready"), &json!("info")));
}
