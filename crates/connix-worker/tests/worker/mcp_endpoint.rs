//! MCP servers that are endpoints: from a model's call to its result, over real HTTP.

use connix_testkit::fake_mcp::FakeMcp;
use connix_testkit::fake_model::{FakeModel, FakeReply};
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::running_worker::RunningWorker;
use crate::scripted_server::ScriptedServer;

const TOKEN: &str = "c4nary+of-ours";
/// Of a text that is long in comparison with what is around it.
const LENGTH: usize = 20_000;

/// An agent with the tools of the server, to which this token is shown.
async fn stage(url: &str, token: &str, timeout_ms: u64) -> (FakeModel, ScriptedServer) {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    let endpoint = json!({"url": url, "headers": {"Authorization": format!("Bearer {token}")}});
    let registered = json!({"name": "remote", "endpoint": endpoint, "timeout_ms": timeout_ms, "secrets": [token]});
    // its address is not public, and needs no setting but that it is registered
    server.equip(json!(["mcp:remote"]), json!({"mcp": [registered]}));
    (model, server)
}

async fn told(model: &FakeModel, server: &ScriptedServer, tool: &str, arguments: Value) -> Value {
    model.reply(FakeReply::calls(tool, &arguments)).reply(FakeReply::answer("done"));
    server.offer("task_1", json!("go"));
    let _worker = RunningWorker::start(server);
    server.call("complete").await;
    model.requests()[1].tool_result()
}

#[tokio::test]
async fn a_model_calls_an_endpoints_tools_and_what_is_moved_is_counted() {
    let mcp = FakeMcp::start(TOKEN).await;
    let (model, server) = stage(&mcp.url(), TOKEN, 20_000).await;
    let text = format!("{} {TOKEN}", "x".repeat(LENGTH));
    model.reply(FakeReply::calls("mcp__remote__echo", &json!({"text": text}))).reply(FakeReply::answer("done"));
    server.offer("task_1", json!("go"));
    let _worker = RunningWorker::start(&server);
    server.call("complete").await;
    let told = model.requests()[1].tool_result();
    assert_eq!(told, format!("{} ***", "x".repeat(LENGTH)), "the operator's token is not told");
    assert_eq!(mcp.seen("notifications/initialized").len(), 1);
    eventually(|| !mcp.seen("DELETE").is_empty()).await;
    // the text goes from the model to the server, from there back, and to the model as call and as result
    let bytes = |body: &Value, way: &str| body["usage"]["network"][way].as_u64().unwrap_or(0) as usize;
    let counted = |body: &Value| bytes(body, "received") >= 2 * LENGTH && bytes(body, "sent") >= 3 * LENGTH;
    server.call_where("heartbeat", counted).await;
}

#[tokio::test]
async fn a_call_over_its_time_is_called_off_and_the_server_is_told() {
    let mcp = FakeMcp::start(TOKEN).await;
    let (model, server) = stage(&mcp.url(), TOKEN, 1500).await;
    let told = told(&model, &server, "mcp__remote__wait", json!({})).await;
    assert_eq!(told["error"], "timed_out");
    eventually(|| !mcp.seen("notifications/cancelled").is_empty()).await;
    let call = mcp.seen("tools/call").remove(0);
    assert_eq!(mcp.seen("notifications/cancelled")[0]["params"]["requestId"], call["id"]);
}

/// F38.
#[tokio::test]
async fn a_cancelled_task_tells_the_server() {
    let mcp = FakeMcp::start(TOKEN).await;
    let (model, server) = stage(&mcp.url(), TOKEN, 20_000).await;
    model.reply(FakeReply::calls("mcp__remote__wait", &json!({})));
    server.offer("task_1", json!("go"));
    let _worker = RunningWorker::start(&server);
    eventually(|| !mcp.seen("tools/call").is_empty()).await;
    server.cancel("task_1");
    server.call("cancelled").await;
    eventually(|| !mcp.seen("notifications/cancelled").is_empty()).await;
}

#[tokio::test]
async fn an_endpoint_that_refuses_or_is_not_there_is_explained_without_its_address_and_token() {
    let mcp = FakeMcp::start(TOKEN).await;
    for (url, token, reason) in [
        (mcp.url(), "another-token", "403"),
        ("http://127.0.0.1:9/mcp?key=another-token".to_owned(), "another-token", "refused"),
    ] {
        let (model, server) = stage(&url, token, 5000).await;
        let told = told(&model, &server, "mcp__remote__echo", json!({"text": "x"})).await;
        assert_eq!(told["error"], "tool_unavailable", "{told}");
        let detail = told["detail"].as_str().unwrap();
        assert!(
            detail.contains(reason) && !detail.contains("another-token") && !detail.contains("127.0.0.1:9"),
            "{detail}"
        );
    }
}
