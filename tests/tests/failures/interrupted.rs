//! `kill -9` of a worker and of the server in the middle of a task.

use std::time::{Duration, Instant};

use connix_tests::{
    FakeModel, FakeReply, NEVER, Scene, Server, Settings, Store, eventually, processes_in, signal, with_every_store,
    workers_of,
};
use nix::sys::signal::Signal;
use serde_json::json;

with_every_store![
    a_killed_workers_task_is_finished_once,
    a_worker_killed_while_idle_is_replaced,
    a_task_that_kills_its_workers_fails_and_spares_the_agent,
    nothing_survives_a_killed_server_and_the_next_one_finishes_its_task,
    a_worker_frozen_over_a_server_kill_does_not_work_beside_its_successor,
];

/// F04, F06.
async fn a_killed_workers_task_is_finished_once(store: Store) {
    let Scene { model, server, agent, task } = Scene::waiting_for_the_model(store).await;
    let workers = workers_of(&server);
    assert_eq!(workers.len(), 1, "one worker for one agent");
    signal(workers[0], Signal::SIGKILL);
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("You said: hello"), &json!(2)));
    assert_eq!(model.requests().len(), 2);
    let now = agent.reaches_phase("ready").await;
    assert_eq!((&now["status"], &now["runtime"]["restarts"]), (&json!("running"), &json!(1)));
    assert_eq!(now["runtime"]["incarnation"], 2);
    assert!(now["runtime"]["last_exit"].to_string().contains('9'), "killed by signal 9: {now}");
    let errors = agent.logs("?level=error").await;
    assert!(
        errors.iter().all(|line| line["context"]["task_id"].is_null()),
        "the worker failed, the task did not: {errors:?}"
    );
    let lines =
        eventually("the log line", async || Some(agent.logs("?level=info").await).filter(|lines| !lines.is_empty()));
    let finished = lines.await.iter().filter(|line| line["message"] == "Task completed successfully").count();
    assert_eq!(finished, 1, "finished once");
}

async fn a_worker_killed_while_idle_is_replaced(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    agent.reaches_phase("ready").await;
    let killed = workers_of(&server)[0];
    signal(killed, Signal::SIGKILL);
    eventually("another worker", async || workers_of(&server).iter().any(|pid| *pid != killed).then_some(())).await;
    assert_eq!(agent.task("hello").await.reaches("completed").await["attempts"], 1);
    assert_eq!(agent.status().await, "running");
}

/// F09.
async fn a_task_that_kills_its_workers_fails_and_spares_the_agent(store: Store) {
    let Scene { model, server, agent, task } = Scene::waiting_for_the_model(store).await;
    for _ in 0..2 {
        model.reply(FakeReply::answer("never heard").after(NEVER));
    }
    for attempt in 1..=3 {
        model.wait_for_requests(attempt).await;
        for worker in workers_of(&server) {
            signal(worker, Signal::SIGKILL);
        }
    }
    let failed = task.reaches("failed").await;
    assert_eq!((&failed["error"]["code"], &failed["attempts"]), (&json!("worker_lost"), &json!(3)));
    assert_eq!(agent.status().await, "running");
    assert_eq!(agent.task("and now?").await.reaches("completed").await["output"], "You said: and now?");
}

/// Contract section 8: nothing is left five seconds after `kill -9`; a restarted server launches the agent anew and its task
/// resumes from the journal.
async fn nothing_survives_a_killed_server_and_the_next_one_finishes_its_task(store: Store) {
    let Scene { model, mut server, agent, task } = Scene::waiting_for_the_model(store).await;
    let folder = server.installation.data_folder();
    let workers = workers_of(&server);
    assert!(!processes_in(&folder).is_empty() && workers.len() == 1, "there is something to leave behind");
    server.kill();
    let begun = Instant::now();
    eventually("nothing is left of the server", async || {
        let left = workers.iter().any(|pid| connix_tests::is_alive(*pid)) || !processes_in(&folder).is_empty();
        (!left).then_some(())
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    let ready_after = server.start_again();
    println!("{store:?}: ready {ready_after:?} after the restart");
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("You said: hello"), &json!(2)));
    assert_eq!(model.requests().len(), 2);
    let now = agent.reaches_phase("ready").await;
    assert_eq!(now["status"], "running");
}

/// A stopped process does not notice its lifeline's end; the lock file keeps its successor back until it has died.
async fn a_worker_frozen_over_a_server_kill_does_not_work_beside_its_successor(store: Store) {
    let Scene { model, mut server, agent, task } = Scene::waiting_for_the_model(store).await;
    let frozen = workers_of(&server)[0];
    signal(frozen, Signal::SIGSTOP);
    server.kill();
    server.start_again();
    signal(frozen, Signal::SIGCONT);
    eventually("the old worker is gone", async || (!connix_tests::is_alive(frozen)).then_some(())).await;
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], model.requests().len()), (&json!("You said: hello"), 2));
    assert_eq!(agent.status().await, "running");
}
