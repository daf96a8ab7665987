//! What becomes of a model's tool calls.

use std::time::Duration;

use connix_testkit::fake_model::{FakeModel, FakeReply};
use connix_testkit::fake_search::FakeSearch;
use serde_json::{Value, json};

use crate::running_worker::{RunningWorker, settings};
use crate::scripted_server::ScriptedServer;

const TASK: &str = "task_00000000000000aa";

async fn stage(search: &FakeSearch) -> (FakeModel, ScriptedServer) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    server.equip(json!(["web_search"]), json!({"web_search_url": search.url()}));
    (model, server)
}

async fn finding() -> FakeSearch {
    FakeSearch::finding(json!([{"title": "Ferris", "url": "https://ferris.example/", "content": "A crab."}])).await
}

fn searches(query: &str) -> FakeReply {
    FakeReply::calls("web_search", &json!({"query": query}))
}

fn entry(seq: i64, kind: &str, data: Value) -> Value {
    json!({"seq": seq, "attempt": 1, "kind": kind, "data": data, "at": "2024-01-15T16:20:00Z"})
}

/// A journal that ends in the middle of this call.
fn broken_off(tool: &str, arguments: &Value) -> Value {
    let call = json!({"id": "call_1", "name": tool, "arguments": arguments.to_string()});
    json!([
        entry(1, "llm.request", json!({"step": 1})),
        entry(2, "llm.response", json!({"content": "", "tool_calls": [call]})),
        entry(3, "usage", json!({})),
        entry(4, "tool.started", json!({"call_id": "call_1", "name": tool})),
    ])
}

fn kinds(server: &ScriptedServer) -> Vec<String> {
    server.journal().into_iter().map(|(kind, _)| kind).collect()
}

#[tokio::test]
async fn a_call_is_run_journalled_before_and_after_and_its_result_told() {
    let search = finding().await;
    let (model, server) = stage(&search).await;
    model.reply(searches("who is ferris?")).reply(FakeReply::answer("A crab."));
    server.offer(TASK, json!("Who is Ferris?"));
    let _worker = RunningWorker::start(&server);

    assert_eq!(server.call("complete").await["output"], "A crab.");
    let asked = model.requests();
    assert_eq!(asked[0].tools[0]["function"]["name"], "web_search");
    let result = json!({"query": "who is ferris?", "results": [{"title": "Ferris", "url": "https://ferris.example/", "snippet": "A crab."}]});
    assert_eq!(asked[1].tool_result(), result);
    assert_eq!(search.queries().await, ["who is ferris?"]);
    let expected = [
        "llm.request",
        "llm.response",
        "usage",
        "tool.started",
        "tool.finished",
        "llm.request",
        "llm.response",
        "usage",
    ];
    assert_eq!(kinds(&server), expected);
    assert_eq!(server.journal()[3].1, json!({"call_id": "call_1", "name": "web_search"}));
    assert_eq!(server.journal()[4].1["result"], result);
}

/// F51.
#[tokio::test]
async fn arguments_that_are_no_json_are_the_models_to_mend() {
    let search = finding().await;
    let (model, server) = stage(&search).await;
    let function = json!({"name": "web_search", "arguments": "{\"query\": "});
    let call = json!({"id": "c1", "type": "function", "function": function});
    model.reply(FakeReply::message(json!({"content": null, "tool_calls": [call]})));
    model.reply(FakeReply::calls("web_search", &json!({"question": "x"}))).reply(FakeReply::answer("Sorry."));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    assert_eq!(server.call("complete").await["output"], "Sorry.");
    let asked = model.requests();
    assert_eq!(asked[1].tool_result()["error"], "invalid_arguments");
    let told = asked[2].tool_result();
    assert!(told["detail"].as_str().unwrap().contains("question"), "{told}");
    assert!(search.queries().await.is_empty());
}

/// F08.
#[tokio::test]
async fn a_search_that_broke_off_is_run_again() {
    let search = finding().await;
    let (model, server) = stage(&search).await;
    server.offer_again(TASK, json!("x"), 2, broken_off("web_search", &json!({"query": "again"})));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    assert_eq!(search.queries().await, ["again"]);
    assert_eq!(model.requests()[0].tool_result()["query"], "again");
}

/// F07, for a tool that the worker does not even have any more.
#[tokio::test]
async fn a_call_with_effects_that_broke_off_is_not_run_again_and_its_outcome_unknown() {
    let (model, server) = stage(&finding().await).await;
    server.offer_again(TASK, json!("x"), 2, broken_off("launch_rocket", &json!({})));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    let told = json!({"error": "outcome_unknown", "detail": "worker was lost while this call ran"});
    assert_eq!(model.requests()[0].tool_result(), told);
    assert_eq!(kinds(&server)[0], "tool.finished");
}

#[tokio::test]
async fn a_search_endpoint_that_refuses_json_is_explained() {
    let (model, server) = stage(&FakeSearch::without_json().await).await;
    model.reply(searches("x"));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    let told = model.requests()[1].tool_result();
    assert_eq!(told["error"], "search_failed");
    assert!(told["detail"].as_str().unwrap().contains("search.formats"), "{told}");
    let warned = |line: &Value| line["level"] == "warn" && line["context"]["tool"] == "web_search";
    server.call_where("logs", |body| body["lines"].as_array().unwrap().iter().any(warned)).await;
}

#[tokio::test]
async fn an_inner_endpoint_is_searched_because_it_is_the_one_configured() {
    let search = finding().await;
    let (model, server) = stage(&search).await;
    model.reply(searches("x"));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    assert_eq!(search.queries().await, ["x"]);
}

#[tokio::test]
async fn a_tool_that_lost_its_setting_is_not_offered_and_says_what_is_missing() {
    let (model, server) = stage(&finding().await).await;
    server.equip(json!(["web_search"]), json!({}));
    model.reply(searches("x"));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    let asked = model.requests();
    assert!(asked[0].tools.is_empty());
    let told = asked[1].tool_result();
    assert_eq!(told["error"], "tool_unavailable");
    assert!(told["detail"].as_str().unwrap().contains("tools.web_search.url"), "{told}");
}

#[tokio::test]
async fn a_tool_over_its_time_is_ended_and_the_task_goes_on() {
    let search = FakeSearch::silent().await;
    let (model, server) = stage(&search).await;
    let settings = json!({"web_search_url": search.url(), "time_limit_ms": 100});
    server.equip(json!(["web_search"]), settings);
    model.reply(searches("x"));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call("complete").await;
    assert_eq!(model.requests()[1].tool_result()["error"], "timed_out");
}

/// F38, mid-tool.
#[tokio::test]
async fn a_cancelled_task_ends_in_the_middle_of_a_tool() {
    let search = FakeSearch::silent().await;
    let (model, server) = stage(&search).await;
    model.reply(searches("x"));
    server.offer(TASK, json!("x"));
    let _worker = RunningWorker::start(&server);

    server.call_where("events", |body| body["events"][0]["kind"] == "tool.started").await;
    server.cancel(TASK);
    server.call("cancelled").await;
    assert!(!kinds(&server).contains(&"tool.finished".to_owned()));
}

/// F39, mid-tool: the time in which the call is frozen is neither the call's nor the task's.
#[tokio::test]
async fn a_pause_stops_a_running_tools_clock_and_the_tasks() {
    let search = FakeSearch::silent().await;
    let (model, server) = stage(&search).await;
    let settings_of_tools = json!({"web_search_url": search.url(), "time_limit_ms": 300});
    server.equip(json!(["web_search"]), settings_of_tools);
    model.reply(searches("x"));
    server.offer_until(TASK, json!("x"), 1, json!([]), Duration::from_millis(700));
    let _worker = RunningWorker::start_with(connix_worker::Settings {
        pause_grace: Duration::from_millis(30),
        ..settings(&server.url(), true)
    });

    server.call_where("events", |body| body["events"][0]["kind"] == "tool.started").await;
    server.direct("pause");
    server.state_said("parked").await;
    tokio::time::sleep(Duration::from_millis(900)).await; // longer than the call and the task may take
    assert!(!kinds(&server).contains(&"tool.finished".to_owned()));
    server.direct("run");
    server.call("complete").await;
    assert_eq!(model.requests()[1].tool_result()["error"], "timed_out");
}
