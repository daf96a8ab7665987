//! Tools of agents that really run: a model calls one and is told what it really gives.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use connix_tests::{
    Agent, FakeMcp, FakeModel, FakeReply, FakeSearch, Installation, Server, Settings, Store, command_line_of,
    eventually, fake_mcp, processes_in, with_every_store,
};
use serde_json::json;

with_every_store![
    a_model_searches_the_web_and_answers_with_what_it_found,
    a_model_works_on_the_files_of_its_project,
    a_model_calls_the_tools_of_mcp_servers_and_their_programs_end_with_the_task,
    an_mcp_servers_program_dies_with_the_server,
];

async fn a_model_searches_the_web_and_answers_with_what_it_found(store: Store) {
    let search =
        FakeSearch::finding(json!([{ "title": "Ferris", "url": "https://ferris.example/", "content": "A crab." }]))
            .await;
    let model = FakeModel::start().await;
    model.reply(FakeReply::calls("web_search", &json!({ "query": "ferris" }))).reply(FakeReply::answer("A crab."));
    let settings = Settings::with_model(&model).with("tools.web_search.url", search.url());
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
    let workspace = server.installation.workspaces().join(&project.uid);
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

struct McpStage {
    model: FakeModel,
    server: Server,
    agent: Agent,
    workspace: PathBuf,
    _remote: FakeMcp,
}

/// An agent with the tools of a program and of an endpoint.
async fn with_mcp_servers(store: Store) -> McpStage {
    let (model, remote) = (FakeModel::start().await, FakeMcp::start("sesame").await);
    let program = json!(fake_mcp::program("{workspace}", "well"));
    let list = format!(
        "[{{ name = \"local\", command = {program} }}, \
         {{ name = \"remote\", url = \"{}\", headers = {{ Authorization = \"Bearer sesame\" }} }}]",
        remote.url()
    );
    let installation = Installation::new(store, Settings::with_model(&model).with("tools.mcp", list));
    installation.open_workspaces();
    let server = Server::start_on(installation);
    let client = server.client();
    let project = client.project().await;
    let agent = client.agent(&project, json!({ "config": { "tools": ["mcp:local", "mcp:remote/echo"] } })).await;
    let workspace = server.installation.workspaces().join(&project.uid);
    McpStage { model, agent, workspace, server, _remote: remote }
}

impl McpStage {
    /// Processes of the program.
    fn programs(&self) -> Vec<i32> {
        let is_program = |pid: &i32| command_line_of(*pid).first().is_some_and(|name| name == "python3");
        processes_in(&self.workspace).into_iter().filter(is_program).collect()
    }
}

async fn a_model_calls_the_tools_of_mcp_servers_and_their_programs_end_with_the_task(store: Store) {
    let stage = with_mcp_servers(store).await;
    let model = &stage.model;
    model.reply(FakeReply::calls("mcp__local__add", &json!({ "a": 20, "b": 22 })));
    model.reply(FakeReply::calls("mcp__remote__echo", &json!({ "text": "from afar" })));
    model.reply(FakeReply::answer("42, from afar"));
    assert_eq!(stage.agent.task("go").await.reaches("completed").await["output"], "42, from afar");
    let told: Vec<_> = model.requests()[1..].iter().map(|request| request.tool_result()).collect();
    assert_eq!(told, [json!({ "sum": 42 }), json!("from afar")]);
    let offered = model.requests()[0].tools.iter().filter(|tool| tool.to_string().contains("mcp__remote__")).count();
    assert_eq!(offered, 1, "of the remote server one tool is named");
    eventually("the program is gone", async || stage.programs().is_empty().then_some(())).await;
}

async fn an_mcp_servers_program_dies_with_the_server(store: Store) {
    let mut stage = with_mcp_servers(store).await;
    stage.model.reply(FakeReply::calls("mcp__local__wait", &json!({})));
    stage.agent.task("go").await;
    let waiting = stage.workspace.join("waiting");
    eventually("it is called", async || (waiting.exists() && !stage.programs().is_empty()).then_some(())).await;
    stage.server.kill();
    let killed = Instant::now();
    eventually("nothing is left", async || stage.programs().is_empty().then_some(())).await;
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
}
