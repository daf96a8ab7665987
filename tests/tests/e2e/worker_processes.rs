//! Worker processes as the kernel sees them, and a customer's own worker beside them.

use std::fs;
use std::process::Stdio;

use connix_tests::{
    FakeModel, Server, Settings, Store, command_line_of, environment_of, eventually, with_every_store, workers_of,
};
use serde_json::json;

with_every_store![
    a_worker_has_a_group_of_its_own_and_shows_no_secret,
    an_agent_whose_worker_crashes_again_and_again_ends_in_error,
    a_customers_own_worker_does_the_work,
    one_agent_has_one_worker_whatever_is_commanded,
];

async fn a_worker_has_a_group_of_its_own_and_shows_no_secret(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model).with("llm.api_key", "sk-canary-4711"));
    let client = server.client();
    let config = json!({ "environment_variables": { "CANARY": "canary-variable" } });
    let agent = client.agent(&client.project().await, json!({ "config": config })).await;
    agent.reaches("running").await;
    let worker = workers_of(&server)[0];
    let stat = fs::read_to_string(format!("/proc/{worker}/stat")).unwrap();
    let group = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(2).unwrap().to_owned();
    assert_eq!(group, worker.to_string(), "its own process group");
    let shown = [environment_of(worker), command_line_of(worker)].concat().join(" ");
    for secret in ["canary", "cxw_", "cx_", "postgres://", "CONNIX_LLM"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

/// F03: retried with backoff, then the agent is in error with a reason.
async fn an_agent_whose_worker_crashes_again_and_again_ends_in_error(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    agent.reaches_phase("ready").await;
    let failed = eventually("the agent is given up", async || {
        server.kill_worker(&agent);
        Some(agent.get().await).filter(|agent| agent["status"] == "error")
    });
    let failed = failed.await;
    assert!(failed["runtime"]["last_exit"].is_object(), "with its reason: {failed}");
    client.post(&agent.path("/tasks"), &json!({ "input": "no" })).await.refused(409, "agent_conflict");
    agent.act("start").await.expect(200);
    assert_eq!(agent.task("better now?").await.reaches("completed").await["output"], "You said: better now?");
}

async fn a_customers_own_worker_does_the_work(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let file = server.installation.folder().join("token");
    fs::write(&file, agent.worker_token().await).unwrap();
    let url = format!("http://{}", server.installation.listen);
    let mut command = std::process::Command::new(connix_tests::connix());
    command.args(["worker", "--server", &url, "--token-file"]).arg(&file).env_clear();
    let mut worker = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    agent.reaches("running").await;
    assert_eq!(agent.task("from afar").await.reaches("completed").await["output"], "You said: from afar");
    assert!(workers_of(&server).is_empty(), "the server launched none");
    agent.act("stop").await.expect(200);
    let ended = eventually("the worker leaves when told to", async || worker.try_wait().unwrap()).await;
    assert_eq!(ended.code(), Some(0));
}

/// A02, A03.
async fn one_agent_has_one_worker_whatever_is_commanded(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    for action in ["restart", "stop", "start", "restart", "restart", "pause", "start"] {
        agent.act(action).await.expect(200);
        assert!(workers_of(&server).len() <= 1, "after {action}: {:?}", workers_of(&server));
    }
    agent.task("settled?").await.reaches("completed").await;
    assert_eq!(workers_of(&server).len(), 1);
}
