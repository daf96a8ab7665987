//! Commands that meet work under way, or each other.

use std::time::Duration;

use connix_tests::{FakeModel, FakeReply, Scene, Server, Settings, Store, eventually, with_every_store, workers_of};
use futures_util::future::join_all;
use serde_json::json;

with_every_store![
    a_task_that_ends_within_the_grace_of_a_stop_is_completed,
    after_a_stop_and_a_start_at_once_the_new_incarnation_waits_for_the_end_of_the_old,
    twenty_commands_at_once_leave_one_worker_and_a_true_status,
];

/// F41.
async fn a_task_that_ends_within_the_grace_of_a_stop_is_completed(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("just in time").after(Duration::from_secs(2)));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let task = agent.task("hurry").await;
    model.wait_for_requests(1).await;
    agent.act("stop").await.expect(200);
    assert_eq!(task.reaches("completed").await["output"], "just in time");
    let stopped = agent.reaches_phase("none").await;
    assert_eq!(stopped["status"], "stopped");
    assert!(workers_of(&server).is_empty());
}

/// F42.
async fn after_a_stop_and_a_start_at_once_the_new_incarnation_waits_for_the_end_of_the_old(store: Store) {
    let Scene { model: _model, server, agent, task } = Scene::waiting_for_the_model(store).await;
    let old = workers_of(&server);
    agent.act("stop").await.expect(200);
    agent.act("start").await.expect(200);
    eventually("the old worker is gone", async || {
        let now = workers_of(&server);
        assert!(now.len() <= 1, "two at once: {now:?}");
        (now != old).then_some(())
    })
    .await;
    assert_eq!(task.reaches("completed").await["output"], "You said: hello");
    assert_eq!(agent.reaches_phase("ready").await["runtime"]["incarnation"], 2);
}

/// F43.
async fn twenty_commands_at_once_leave_one_worker_and_a_true_status(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let commands = ["start", "stop", "restart", "pause"].repeat(5);
    for answer in join_all(commands.iter().map(|command| agent.act(command))).await {
        assert!(matches!(answer.status, 200 | 409), "{answer:?}");
    }
    assert!(workers_of(&server).len() <= 1);
    agent.act("restart").await.expect(200);
    assert_eq!(agent.task("settled?").await.reaches("completed").await["output"], "You said: settled?");
    let settled = agent.reaches_phase("ready").await;
    assert_eq!((&settled["status"], workers_of(&server).len()), (&json!("running"), 1));
}
