//! Workers that are silent, cut off, slow, or stand still; and such as talk too much.

use std::process::{Child, Stdio};
use std::time::Duration;

use connix_tests::{
    FakeModel, FakeReply, Proxy, Scene, Server, Settings, Store, eventually, resident_bytes, signal, with_every_store,
    workers_of,
};
use nix::sys::signal::Signal;
use serde_json::json;

with_every_store![
    a_frozen_worker_is_killed_after_a_lease_and_its_task_is_done_once,
    a_model_that_takes_its_time_is_waited_for,
    an_attempt_whose_worker_makes_no_progress_is_stalled_and_tried_again,
    a_worker_that_does_not_let_go_of_what_is_not_its_own_is_fenced,
    a_worker_cut_off_from_its_server_abandons_and_its_result_counts_nothing,
    an_agent_that_crashes_while_paused_stays_paused_until_it_is_started,
    what_a_worker_prints_neither_blocks_it_nor_fills_the_server,
];

/// Leases are as short as they may be.
fn impatient(model: &FakeModel) -> Settings {
    Settings::with_model(model).with("runtime.lease_seconds", "3")
}

/// F31.
async fn a_frozen_worker_is_killed_after_a_lease_and_its_task_is_done_once(store: Store) {
    let Scene { model, server, agent, task } = Scene::waiting_with(store, impatient).await;
    let frozen = workers_of(&server)[0];
    signal(frozen, Signal::SIGSTOP);
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("You said: hello"), &json!(2)));
    assert!(!connix_tests::is_alive(frozen), "killed");
    assert_eq!(model.requests().len(), 2);
    assert_eq!(agent.reaches_phase("ready").await["runtime"]["restarts"], 1);
}

/// F33. Its heart beats, and its number stands still.
async fn an_attempt_whose_worker_makes_no_progress_is_stalled_and_tried_again(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, impatient(&model).with("runtime.stall_seconds", "3"));
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let task = agent.task("hello").await;
    worker.claimed().await;
    eventually("it is told to let go", async || {
        let directives = worker.heartbeat("busy", 1, &[(&task.id, 1)]).await.expect(200);
        directives["lost"].as_array().unwrap().contains(&json!(task.id)).then_some(())
    })
    .await;
    let waiting = task.get().await;
    assert_eq!((&waiting["status"], &waiting["error"]["code"]), (&json!("queued"), &json!("stalled")), "{waiting}");
    assert_eq!(worker.claimed().await["attempt"], 2);
}

/// F32: a step longer than a lease and a stall keeps its task, and is taken once.
async fn a_model_that_takes_its_time_is_waited_for(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("at last").after(Duration::from_secs(7)));
    let server = Server::start(store, impatient(&model).with("runtime.stall_seconds", "3"));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let done = agent.task("think hard").await.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("at last"), &json!(1)));
    assert_eq!(model.requests().len(), 1);
}

async fn a_worker_that_does_not_let_go_of_what_is_not_its_own_is_fenced(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, impatient(&model).with("runtime.stall_seconds", "1"));
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let task = agent.task("hold on").await;
    worker.claimed().await;
    eventually("it is fenced", async || {
        let answer = worker.heartbeat("busy", 1, &[(&task.id, 1)]).await;
        (answer.status == 410).then_some(())
    })
    .await;
    let waiting = agent.reaches_phase("waiting_for_worker").await;
    assert_eq!(waiting["runtime"]["last_exit"]["reason"], "does_not_let_go", "{waiting}");
    assert_eq!(task.get().await["status"], "queued");
}

/// F34.
async fn a_worker_cut_off_from_its_server_abandons_and_its_result_counts_nothing(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("too late").after(Duration::from_secs(4)));
    let server = Server::start(store, impatient(&model));
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let token = server.installation.folder().join("token");
    std::fs::write(&token, agent.worker_token().await).unwrap();
    let proxy = Proxy::to(server.installation.listen.to_string()).await.unwrap();
    let start = |port: u16| -> Child {
        let mut command = std::process::Command::new(connix_tests::connix());
        command.args(["worker", "--server", &format!("http://127.0.0.1:{port}"), "--token-file"]).arg(&token);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut first = start(proxy.port());
    agent.reaches("running").await;
    let task = agent.task("are you there?").await;
    model.wait_for_requests(1).await;

    proxy.cut();
    agent.reaches_phase("waiting_for_worker").await;
    assert_eq!(task.reaches("queued").await["attempts"], 1);
    let mut second = start(server.installation.listen.port());
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("You said: are you there?"), &json!(2)));

    proxy.thaw();
    let left = eventually("the first is told that it has been replaced", async || first.try_wait().unwrap()).await;
    assert_eq!(left.code(), Some(0));
    assert_eq!(task.get().await["output"], done["output"]);
    assert_eq!(agent.status().await, "running");
    second.kill().unwrap();
    second.wait().unwrap();
}

/// F40.
async fn an_agent_that_crashes_while_paused_stays_paused_until_it_is_started(store: Store) {
    let Scene { model: _model, server, agent, task } = Scene::waiting_for_the_model(store).await;
    agent.act("pause").await.expect(200);
    signal(workers_of(&server)[0], Signal::SIGKILL);
    let gone = agent.reaches_phase("none").await;
    assert_eq!(gone["status"], "paused", "{gone}");
    assert_eq!(task.get().await["status"], "queued");
    assert!(workers_of(&server).is_empty(), "it is not launched again");
    agent.act("start").await.expect(200);
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("You said: hello"), &json!(2)));
}

/// F18, F19: half a million lines, and 20 MB that are no text, before it says hello.
async fn what_a_worker_prints_neither_blocks_it_nor_fills_the_server(store: Store) {
    let model = FakeModel::start().await;
    let noise = "yes a line of noise | head -n 500000; head -c 20000000 /dev/urandom >&2; head -c 1048576 /dev/zero";
    let command = format!("/bin/sh,-c,{noise}; exec {} worker", connix_tests::connix().display());
    let server = Server::start(store, Settings::with_model(&model).with("runtime.worker_command", command));
    let client = server.client();
    let before = resident_bytes(server.pid());
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    assert_eq!(agent.task("heard?").await.reaches("completed").await["output"], "You said: heard?");
    let grown = resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 20 << 20, "the server grew by {grown} bytes");
    signal(workers_of(&server)[0], Signal::SIGKILL);
    let noted = eventually("its end is noted", async || {
        Some(agent.get().await).filter(|agent| agent["runtime"]["last_exit"].is_object())
    });
    assert_eq!(noted.await["runtime"]["last_exit"]["signal"], 9);
}
