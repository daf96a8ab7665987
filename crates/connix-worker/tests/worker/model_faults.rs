//! What a task's owner is told when the model does not answer.

use connix_testkit::fake_model::{FakeModel, FakeReply};
use serde_json::{Value, json};

use crate::running_worker::RunningWorker;
use crate::scripted_server::ScriptedServer;

const TASK: &str = "task_00000000000000aa";

/// Plays the replies to one task and gives its failure.
async fn failure(replies: Vec<FakeReply>) -> (Value, FakeModel) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    for reply in replies {
        model.reply(reply);
    }
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    (server.call("fail").await["error"].clone(), model)
}

/// Plays the replies to one task and gives its completion.
async fn completion(replies: Vec<FakeReply>) -> (Value, FakeModel) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    for reply in replies {
        model.reply(reply);
    }
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    (server.call("complete").await, model)
}

#[tokio::test]
async fn without_an_endpoint_the_task_fails_at_once_and_names_the_setting() {
    let server = ScriptedServer::start(None).await;
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    let failed = server.call("fail").await;
    assert_eq!(
        failed["error"],
        json!({
            "code": "llm_not_configured",
            "message": "No model endpoint is configured. Set llm.base_url (CONNIX_LLM__BASE_URL) to an OpenAI-compatible \
                endpoint, for example http://127.0.0.1:11434/v1, and restart the server.",
            "retryable": false
        })
    );
    assert!(server.calls("events").is_empty());
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again_and_not_shown() {
    let (error, model) = failure(vec![FakeReply::error(401, "Incorrect API key provided: sk-test")]).await;
    assert_eq!((&error["code"], &error["retryable"]), (&json!("llm_auth"), &json!(false)));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("Incorrect API key provided: [redacted]"), "{message}");
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn an_unknown_model_is_named() {
    let (error, _) = failure(vec![FakeReply::error(404, "model not found")]).await;
    assert_eq!(error["code"], "model_not_found");
    assert!(error["message"].as_str().unwrap().contains("'small'"));
}

#[tokio::test]
async fn a_refused_request_carries_the_endpoints_words() {
    let (error, model) = failure(vec![FakeReply::error(400, "context too long")]).await;
    assert_eq!(error["code"], "llm_refused");
    assert!(error["message"].as_str().unwrap().ends_with("refused the request: context too long"));
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn a_rate_limit_is_waited_for() {
    let limited = FakeReply::error(429, "slow down").retry_after("0.3");
    let before = std::time::Instant::now();
    let (completed, model) = completion(vec![limited]).await;
    assert_eq!(completed["output"], "You said: x");
    assert_eq!(model.requests().len(), 2);
    assert!(before.elapsed().as_millis() >= 300);
}

#[tokio::test]
async fn a_rate_limit_beyond_the_deadline_is_reported_with_its_wait() {
    let (error, model) = failure(vec![FakeReply::error(429, "come back tomorrow").retry_after("86400")]).await;
    assert_eq!((&error["code"], &error["retryable"]), (&json!("llm_rate_limited"), &json!(true)));
    assert_eq!(error["retry_after_ms"], 86_400_000);
    assert_eq!(model.requests().len(), 1);
}

#[tokio::test]
async fn an_ill_endpoint_is_tried_five_times() {
    let (error, model) = failure(vec![FakeReply::error(503, "overloaded"); 6]).await;
    assert_eq!((&error["code"], &error["retryable"]), (&json!("llm_unavailable"), &json!(true)));
    assert_eq!(model.requests().len(), 5);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_unavailable() {
    let server = ScriptedServer::start(Some("http://127.0.0.1:1/v1")).await;
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    let error = server.call("fail").await["error"].clone();
    assert_eq!(error["code"], "llm_unavailable");
    assert!(error["message"].as_str().unwrap().contains("refused"), "{error}");
}

#[tokio::test]
async fn odd_answers_are_understood() {
    let null = FakeReply::message(json!({"role": "assistant", "content": null, "tool_calls": null}));
    assert_eq!(completion(vec![null]).await.0["output"], "");
    let parts = FakeReply::message(json!({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}));
    assert_eq!(completion(vec![parts]).await.0["output"], "ab");
}

#[tokio::test]
async fn missing_usage_is_estimated_and_says_so() {
    let (completed, _) = completion(vec![FakeReply::answer("12345678").without_usage()]).await;
    let usage = &completed["usage"];
    assert_eq!((&usage["estimated"], &usage["completion_tokens"]), (&json!(true), &json!(2)));
    assert!(usage["prompt_tokens"].as_i64() > Some(0));
}

#[tokio::test]
async fn junk_and_errors_with_status_200_are_tried_again() {
    let junk =
        vec![FakeReply::raw(200, "<html>"), FakeReply::raw(200, r#"{"error": {"code": 502, "message": "upstream"}}"#)];
    let (completed, model) = completion(junk).await;
    assert_eq!(completed["output"], "You said: x");
    assert_eq!(model.requests().len(), 3);
}

#[tokio::test]
async fn the_cost_of_a_failed_attempt_is_reported() {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    model.reply(FakeReply::message(json!({"content": null, "tool_calls": [call]})).usage(10, 4));
    model.reply(FakeReply::error(400, "no"));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);
    assert_eq!(server.call("fail").await["usage"]["total_tokens"], 14);
}
