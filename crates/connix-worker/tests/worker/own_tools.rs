//! The tools that this program does itself, confined in a child of its own: from a model's call to its result. Needs what
//! `tests/sandbox` needs.

use std::fs;

use connix_testkit::fake_model::{FakeModel, FakeReply};
use connix_worker::Settings;
use connix_worker::sandbox::KeeperProgram;
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::process::program;
use crate::running_worker::{RunningWorker, settings};
use crate::scripted_server::ScriptedServer;
use crate::workspace::folder_with_workspace;

/// A workspace with these files.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let folder = folder_with_workspace();
    for (path, text) in files {
        let path = folder.path().join("workspace").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What a model is told that calls this tool.
async fn told(folder: &TempDir, tool: &str, arguments: &Value, terms: Value, environment: Value) -> Value {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    server.equip(json!([tool]), terms);
    server.set_environment(environment);
    model.reply(FakeReply::calls(tool, arguments)).reply(FakeReply::answer("done"));
    server.offer("task_1", json!("go"));
    let keeper = KeeperProgram { path: program(), arguments: vec!["sandbox-exec".to_owned()] };
    let workspace = folder.path().join("workspace");
    let _worker = RunningWorker::start_with(Settings { workspace, keeper, ..settings(&server.url(), true) });
    server.call("complete").await;
    model.requests()[1].tool_result()
}

const SALES: &str = "region,amount\nnorth,10\nsouth,20\nnorth,30\n";

#[tokio::test]
async fn a_table_is_queried_however_programs_are_held() {
    let folder = workspace(&[("sales.csv", SALES)]);
    let sql = "SELECT region, SUM(amount) FROM sales GROUP BY region ORDER BY region";
    let arguments = json!({"action": "query", "files": ["sales.csv"], "sql": sql});
    for containment in ["namespace", "sweep"] {
        let terms = json!({"sandbox": {"containment": containment}});
        let result = told(&folder, "data_analysis", &arguments, terms, json!({})).await;
        assert_eq!(result["rows"], json!([["north", 40.0], ["south", 20.0]]), "{containment}: {result}");
    }
}

#[tokio::test]
async fn what_a_tool_refuses_is_the_models_to_mend() {
    let folder = workspace(&[("sales.csv", SALES)]);
    let arguments = json!({"action": "describe", "files": ["../../etc/passwd.csv"]});
    let result = told(&folder, "data_analysis", &arguments, json!({}), json!({})).await;
    assert_eq!(result["error"], "file_error", "{result}");
}

#[tokio::test]
async fn documents_are_found_and_the_index_stays_for_the_next_call() {
    let folder = workspace(&[("knowledge/refunds.md", "A refund is paid within fourteen days.")]);
    for updated in [1, 0] {
        let result = told(&folder, "knowledge_base", &json!({"query": "refund"}), json!({}), json!({})).await;
        assert_eq!(result["results"][0]["path"], "knowledge/refunds.md", "{result}");
        assert_eq!(result["documents_updated"], updated, "{result}");
    }
}

#[tokio::test]
async fn a_model_is_trained_and_lies_in_the_workspace() {
    let rows: String = (0..50).map(|n| format!("{n},{}\n", 2 * n + 1)).collect();
    let folder = workspace(&[("data.csv", &format!("x,y\n{rows}"))]);
    let arguments = json!({"file": "data.csv", "target": "y", "algorithm": "linear_regression"});
    let result = told(&folder, "ml_training", &arguments, json!({}), json!({})).await;
    assert!(result["metrics"]["test"]["r2"].as_f64().unwrap() > 0.999, "{result}");
    let kept = folder.path().join("workspace").join(result["folder"].as_str().unwrap());
    assert!(kept.join("model.json").exists() && kept.join("metrics.json").exists());
}

#[tokio::test]
async fn an_agent_with_an_endpoint_has_its_jobs_done_there() {
    let endpoint = MockServer::start().await;
    let job = |status: &str| json!({"id": "job-1", "status": status, "metrics": {"r2": 0.5}});
    let asked = json!({"arguments": {"target": "amount"}, "data": SALES});
    Mock::given(method("POST"))
        .and(path("/api/jobs"))
        .and(header("authorization", "Bearer sesame"))
        .and(body_partial_json(asked))
        .respond_with(ResponseTemplate::new(202).set_body_json(job("queued")))
        .expect(1)
        .mount(&endpoint)
        .await;
    let done = Mock::given(method("GET")).and(path("/api/jobs/job-1"));
    done.respond_with(ResponseTemplate::new(200).set_body_json(job("completed"))).expect(1).mount(&endpoint).await;

    let folder = workspace(&[("sales.csv", SALES)]);
    let arguments = json!({"file": "sales.csv", "target": "amount", "algorithm": "random_forest"});
    let place = endpoint.address().to_string();
    let environment = json!({"ML_ENDPOINT": format!("{}/api", endpoint.uri()), "ML_API_KEY": "sesame"});
    let refused = told(&folder, "ml_training", &arguments, json!({}), environment.clone()).await;
    assert!(refused["detail"].as_str().unwrap().contains("tools.allow_cidrs"), "{refused}");
    for terms in [json!({"allow_cidrs": ["0.0.0.0/0"]}), json!({"allow_cidrs": ["127.0.0.0/8"], "reserved": [place]})] {
        let refused = told(&folder, "ml_training", &arguments, terms.clone(), environment.clone()).await;
        assert_eq!(refused["error"], "training_failed", "{terms}: {refused}");
    }
    let terms = json!({"allow_cidrs": ["127.0.0.0/8"]});
    let result = told(&folder, "ml_training", &arguments, terms, environment).await;
    assert_eq!(result["metrics"]["r2"], 0.5, "{result}");
}
