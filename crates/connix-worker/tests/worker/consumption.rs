//! What a worker says of its consumption with its heartbeats.

use connix_testkit::fake_model::{FakeModel, FakeReply};
use serde_json::{Value, json};

use crate::running_worker::RunningWorker;
use crate::scripted_server::ScriptedServer;

const TASK: &str = "task_0000000000000001";

fn network(body: &Value) -> (u64, u64) {
    let network = &body["usage"]["network"];
    (network["received"].as_u64().unwrap(), network["sent"].as_u64().unwrap())
}

#[tokio::test]
async fn the_bytes_of_model_calls_are_counted_and_those_of_the_protocol_are_not() {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    let _worker = RunningWorker::start(&server);
    let idle = server.call_where("heartbeat", |body| body["seq"].as_i64() > Some(5)).await;
    assert_eq!(network(&idle.body), (0, 0));

    model.reply(FakeReply::answer(&"x".repeat(20_000)));
    server.offer(TASK, json!("y".repeat(10_000)));
    server.call("complete").await;
    let told = server.call_where("heartbeat", |body| network(body).0 > 0 && body["tasks"] == json!([])).await;
    let (received, sent) = network(&told.body);
    assert!((20_000..21_000).contains(&received), "{received}");
    assert!((10_000..11_000).contains(&sent), "{sent}");
}

#[tokio::test]
async fn only_a_worker_on_another_host_measures_itself() {
    let server = ScriptedServer::start(None).await;
    let _worker = RunningWorker::start_external(&server);
    let usage = server.call("heartbeat").await["usage"].clone();
    assert!(usage["memory"]["used"].as_u64() > Some(0), "{usage}");
    assert!(usage["memory"]["used"].as_u64() < usage["memory"]["limit"].as_u64(), "{usage}");
    assert!(usage["processor"]["seconds"].as_f64() >= Some(0.0), "{usage}");

    let server = ScriptedServer::start(None).await;
    let _worker = RunningWorker::start(&server);
    let usage = server.call("heartbeat").await["usage"].clone();
    assert_eq!(usage, json!({"network": {"received": 0, "sent": 0}}));
}
