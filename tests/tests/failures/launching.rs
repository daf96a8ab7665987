//! Workers that cannot be launched, or never come to work.

use connix_tests::{
    Agent, FakeModel, Server, Settings, Store, eventually, eventually_within, with_every_store, workers_of,
};
use serde_json::Value;
use std::time::Duration;

with_every_store![
    a_missing_worker_program_is_fatal_and_the_message_names_the_cause,
    a_worker_that_exits_78_at_boot_is_not_tried_again,
    a_worker_that_always_exits_1_at_boot_is_tried_five_times_with_growing_delay,
    a_worker_that_never_says_hello_is_killed_and_counted,
    a_configuration_that_the_worker_rejects_ends_in_error,
];

/// An agent whose worker is the given program, just created.
async fn agent_run_by(store: Store, command: &str) -> (FakeModel, Server, Agent) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model).with("runtime.worker_command", command));
    let client = server.client();
    let agent = client.agent(&client.project().await, serde_json::json!({})).await;
    (model, server, agent)
}

async fn errors(agent: &Agent) -> Vec<Value> {
    agent.logs("?level=error").await
}

/// F01.
async fn a_missing_worker_program_is_fatal_and_the_message_names_the_cause(store: Store) {
    let (_model, server, agent) = agent_run_by(store, "/nowhere/connix,worker").await;
    let failed = agent.reaches("error").await;
    assert_eq!((&failed["runtime"]["restarts"], &failed["runtime"]["incarnation"]), (&0.into(), &1.into()), "{failed}");
    let lines = errors(&agent).await;
    assert_eq!(lines.len(), 1, "said once: {lines:?}");
    assert!(lines[0].to_string().contains("/nowhere/connix"), "{lines:?}");
    assert!(workers_of(&server).is_empty());
}

/// F02.
async fn a_worker_that_exits_78_at_boot_is_not_tried_again(store: Store) {
    let (_model, _server, agent) = agent_run_by(store, "/bin/sh,-c,exit 78").await;
    let failed = agent.reaches("error").await;
    assert_eq!((&failed["runtime"]["restarts"], &failed["runtime"]["incarnation"]), (&0.into(), &1.into()), "{failed}");
    assert_eq!(failed["runtime"]["last_exit"]["code"], 78, "{failed}");
}

/// F03.
async fn a_worker_that_always_exits_1_at_boot_is_tried_five_times_with_growing_delay(store: Store) {
    let (_model, _server, agent) = agent_run_by(store, "/bin/sh,-c,echo no luck >&2; exit 1").await;
    let waiting = agent.reaches_phase("backoff").await;
    assert_eq!(waiting["status"], "creating", "it is still tried: {waiting}");
    assert!(waiting["runtime"]["next_retry_at"].is_string(), "{waiting}");
    let failed = agent.reaches("error").await;
    assert_eq!(failed["runtime"]["incarnation"], 5, "{failed}");
    let lines = errors(&agent).await;
    assert!(lines.iter().all(|line| line["context"]["last_output"] == "no luck\n"), "with its last words: {lines:?}");
    let moment = |line: &Value| line["timestamp"].as_str()?.parse::<chrono::DateTime<chrono::Utc>>().ok();
    let moments: Vec<_> = lines.iter().rev().map(|line| moment(line).unwrap()).collect();
    let waits: Vec<_> = moments.windows(2).map(|pair| (pair[1] - pair[0]).num_milliseconds()).collect();
    assert_eq!(waits.len(), 4, "one line a try: {moments:?}");
    for (doublings, wait) in waits.iter().enumerate() {
        assert!(*wait >= 750 << doublings, "1, 2, 4, 8 seconds less a quarter: {waits:?}");
    }
}

/// F05.
async fn a_worker_that_never_says_hello_is_killed_and_counted(store: Store) {
    let (_model, server, agent) = agent_run_by(store, "/bin/sh,-c,echo $$ > ../../silent; exec sleep 3600").await;
    let pid_file = server.installation.data_folder().join("silent");
    let silent =
        eventually("it is launched", async || std::fs::read_to_string(&pid_file).ok()?.trim().parse().ok()).await;
    let counted = eventually_within(Duration::from_secs(90), "its silence is noticed", async || {
        Some(agent.get().await).filter(|agent| agent["runtime"]["restarts"] == 1)
    });
    let counted = counted.await;
    assert_eq!(counted["status"], "creating", "{counted}");
    assert!(!connix_tests::is_alive(silent), "killed");
}

/// F46. The program says hello and works, and ends with 78 as soon as there is another configuration.
async fn a_configuration_that_the_worker_rejects_ends_in_error(store: Store) {
    let script = std::env::temp_dir().join(connix_tests::unique("choosy-worker"));
    std::fs::write(&script, include_str!("choosy_worker.py")).unwrap();
    let (_model, _server, agent) = agent_run_by(store, &format!("python3,{}", script.display())).await;
    agent.reaches("running").await;
    agent.put(&serde_json::json!({ "config": { "model": "another" } })).await.expect(200);
    let failed = agent.reaches("error").await;
    assert_eq!(failed["runtime"]["last_exit"]["code"], 78, "{failed}");
    assert_eq!(failed["config"]["model"], "another", "what was asked for is kept");
    std::fs::remove_file(script).unwrap();
}
