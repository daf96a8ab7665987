//! SIGTERM: exit 0 within 20 seconds with no process left; and what a server costs while it runs.

use std::time::Duration;

use connix_tests::{
    FakeModel, FakeReply, Installation, Server, Settings, Store, eventually, processes_in, resident_bytes,
    with_every_store,
};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

with_every_store![
    a_server_with_agents_ends_clean_and_its_agents_run_again,
    a_task_in_hand_is_given_back_at_the_end,
    a_request_in_hand_is_answered_at_the_end,
    calls_that_wait_are_answered_at_once_at_the_end,
    a_start_is_quick_and_an_idle_server_is_small,
];

async fn a_server_with_agents_ends_clean_and_its_agents_run_again(store: Store) {
    let model = FakeModel::start().await;
    let mut server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let project = client.project().await;
    let running = client.running_agent(&project, "gpt-4").await;
    let (paused, stopped) =
        (client.running_agent(&project, "gpt-4").await, client.running_agent(&project, "gpt-4").await);
    paused.act("pause").await.expect(200);
    stopped.act("stop").await.expect(200);

    let (status, time) = server.terminate().await;
    println!("{store:?}: ended {time:?} after SIGTERM");
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!(processes_in(&server.installation.data_folder()), [0; 0], "no process is left");

    server.start_again();
    assert_eq!(running.reaches("running").await["runtime"]["restarts"], 0, "a shutdown is no crash");
    assert_eq!((paused.status().await, stopped.status().await), ("paused".into(), "stopped".into()));
    assert_eq!(running.task("still there?").await.reaches("completed").await["output"], "You said: still there?");
    paused.act("start").await.expect(200);
    paused.task("you too?").await.reaches("completed").await;
}

async fn a_task_in_hand_is_given_back_at_the_end(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("never heard").after(Duration::from_secs(60)));
    let mut server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let task = agent.task("hello").await;
    model.wait_for_requests(1).await;
    let (status, time) = server.terminate().await;
    println!("{store:?}: ended {time:?} after SIGTERM with a task in hand");
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!(processes_in(&server.installation.data_folder()), [0; 0], "no process is left");
    server.start_again();
    assert_eq!(task.reaches("completed").await["output"], "You said: hello");
    assert!(agent.logs("?level=error").await.is_empty(), "an end is no failure");
}

async fn a_request_in_hand_is_answered_at_the_end(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let path = agent.path("/tasks?wait=2");
    let waiting = tokio::spawn(async move { client.post(&path, &json!({ "input": "nobody works" })).await });
    let queued = async || agent.client().get(&agent.path("/tasks")).await.expect(200)["pagination"]["total"] == 1;
    eventually("the request is in hand", async || queued().await.then_some(())).await;
    let (status, _) = server.terminate().await;
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!(waiting.await.unwrap().status, 201);
}

/// A claim, a heartbeat and a `?wait` that are held, and a connection on which nothing is asked: none delays the end.
async fn calls_that_wait_are_answered_at_once_at_the_end(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let project = client.project().await;
    let (idle, asked) = (client.external_agent(&project).await, client.external_agent(&project).await);
    let worker = std::sync::Arc::new(idle.worker().await);
    let seen = worker.heartbeat("idle", 1, &[]).await.expect(200)["directive_version"].as_u64().unwrap();
    let claim = tokio::spawn({
        let worker = worker.clone();
        async move { worker.claim(25_000).await.status }
    });
    let beat = tokio::spawn(async move { worker.held_heartbeat(5_000, seen).await.status });
    let path = asked.path("/tasks?wait=30");
    let wait = tokio::spawn(async move { client.post(&path, &json!({ "input": "nobody works" })).await.status });
    let mut kept = tokio::net::TcpStream::connect(server.installation.listen).await.unwrap();
    kept.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    assert!(kept.read(&mut [0; 64]).await.unwrap() > 0, "it is open");
    let queued = async || asked.client().get(&asked.path("/tasks")).await.expect(200)["pagination"]["total"] == 1;
    eventually("the request is in hand", async || queued().await.then_some(())).await;
    assert!(!claim.is_finished() && !beat.is_finished() && !wait.is_finished(), "all are held");
    let (status, time) = server.terminate().await;
    println!("{store:?}: ended {time:?} after SIGTERM with calls that wait");
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert_eq!((claim.await.unwrap(), beat.await.unwrap(), wait.await.unwrap()), (204, 200, 201));
    assert!(time < Duration::from_secs(3), "{time:?}");
}

/// A start that waits for somebody else's migration hears SIGTERM all the same.
#[tokio::test]
async fn a_start_that_waits_ends_when_it_is_told() {
    let installation = Installation::new(Store::Postgres, Settings::for_tests());
    let url = installation.database().url().unwrap();
    let (other, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    other.batch_execute("SELECT pg_advisory_lock(109308430821752)").await.unwrap();
    let mut starting = installation.command(&["serve"]).spawn().unwrap();
    let waits = async || {
        let waiting = "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                       WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()";
        (!other.query(waiting, &[]).await.unwrap().is_empty()).then_some(())
    };
    eventually("the start waits for the lock", waits).await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(starting.id().cast_signed()), Signal::SIGTERM).unwrap();
    let ended = eventually("the start ends", async || starting.try_wait().unwrap()).await;
    assert_eq!(ended.code(), Some(0));
}

/// The goals, 300 ms and 60 MB, hold for the release build on an idle machine and are measured by the benchmarks; here
/// they are printed, with bounds that a debug build on a busy machine keeps.
async fn a_start_is_quick_and_an_idle_server_is_small(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    server.terminate().await;
    let ready_after = server.start_again();
    server.client().get("/api/v1/hello").await.expect(200);
    let resident = resident_bytes(server.pid()) / (1024 * 1024);
    println!("{store:?}: ready after {ready_after:?}, {resident} MiB resident");
    assert!(ready_after < Duration::from_secs(5), "{ready_after:?}");
    assert!(resident < 200, "{resident} MiB");
}
