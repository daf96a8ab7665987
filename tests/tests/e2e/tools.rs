//! Tools of agents that really run: a model calls one and is told what it really gives.

use std::fs;

use connix_tests::{FakeModel, FakeReply, FakeSearch, Server, Settings, Store, with_every_store};
use serde_json::json;

with_every_store![a_model_searches_the_web_and_answers_with_what_it_found, a_model_works_on_the_files_of_its_project,];

async fn a_model_searches_the_web_and_answers_with_what_it_found(store: Store) {
    let search =
        FakeSearch::finding(json!([{ "title": "Ferris", "url": "https://ferris.example/", "content": "A crab." }]))
            .await;
    let model = FakeModel::start().await;
    model.reply(FakeReply::calls("web_search", &json!({ "query": "ferris" }))).reply(FakeReply::answer("A crab."));
    let settings = Settings::with_model(&model)
        .with("tools.web_search.url", search.url())
        .with("tools.allow_cidrs", "127.0.0.0/8");
    let server = Server::start(store, settings);
    let client = server.client();
    let agent = client.agent(&client.project().await, json!({ "config": { "tools": ["web_search"] } })).await;
    let task = agent.task("Who is Ferris?").await.reaches("completed").await;
    assert_eq!(task["output"], "A crab.");
    assert_eq!(search.queries().await, ["ferris"]);
    let told = model.requests()[1].tool_result();
    assert_eq!(
        told["results"][0],
        json!({ "title": "Ferris", "url": "https://ferris.example/", "snippet": "A crab." })
    );
}

async fn a_model_works_on_the_files_of_its_project(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let project = client.project().await;
    let workspace = server.installation.data_folder().join("workspaces").join(&project.uid);
    fs::create_dir_all(workspace.join("knowledge")).unwrap();
    fs::write(workspace.join("knowledge/refunds.md"), "A refund is paid within fourteen days.").unwrap();
    fs::write(
        workspace.join("sales.csv"),
        format!("month,amount\n{}", (1..=20).map(|n| format!("{n},{}\n", 5 * n)).collect::<String>()),
    )
    .unwrap();
    let tools = json!(["knowledge_base", "data_analysis", "ml_training"]);
    let agent = client.agent(&project, json!({ "config": { "tools": tools } })).await;

    let sql = "SELECT SUM(amount) AS total FROM sales";
    let calls = [
        ("knowledge_base", json!({ "query": "refund" })),
        ("data_analysis", json!({ "action": "query", "files": ["sales.csv"], "sql": sql })),
        ("ml_training", json!({ "file": "sales.csv", "target": "amount", "algorithm": "linear_regression" })),
    ];
    for (tool, arguments) in &calls {
        model.reply(FakeReply::calls(tool, arguments));
    }
    model.reply(FakeReply::answer("All done."));
    assert_eq!(agent.task("go").await.reaches("completed").await["output"], "All done.");
    let told: Vec<_> = model.requests()[1..].iter().map(|request| request.tool_result()).collect();
    assert_eq!(told[0]["results"][0]["path"], "knowledge/refunds.md", "{}", told[0]);
    assert_eq!(told[1]["rows"], json!([[1050.0]]), "{}", told[1]);
    assert!(told[2]["metrics"]["test"]["r2"].as_f64().unwrap() > 0.99, "{}", told[2]);
    assert!(workspace.join(told[2]["folder"].as_str().unwrap()).join("model.json").exists());
}
