//! What a task looks like from all sides while a local worker does it.

use std::time::Duration;

use connix_tests::{FakeModel, FakeReply, NEVER, Scene, Server, Settings, Store, eventually, with_every_store};
use serde_json::json;

with_every_store![
    the_readmes_walk_ends_in_an_answer,
    without_a_model_endpoint_the_task_says_what_to_set,
    an_update_while_busy_ends_while_the_task_goes_on,
    nothing_is_asked_of_the_model_while_paused,
    a_stop_mid_task_gives_the_task_back,
    a_deleted_agents_task_ends_with_it,
    a_cancelled_task_stops_asking,
    a_task_over_its_deadline_fails,
];

async fn the_readmes_walk_ends_in_an_answer(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("Four.").usage(31, 2));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let body = json!({ "name": "calculator", "instructions": "You calculate.", "config": { "temperature": 0.1, "max_tokens": 9 } });
    let launched = client.post("/api/v1/agents", &body).await.expect(201);
    let agent = format!("/api/v1/projects/default/agents/{}", launched["agent_id"].as_str().unwrap());
    let task = client.post(&format!("{agent}/tasks?wait=30"), &json!({ "input": "2 + 2?" })).await.expect(201);
    assert_eq!((&task["status"], &task["output"]), (&json!("completed"), &json!("Four.")), "{task}");
    assert_eq!(task["usage"]["total_tokens"], 33);

    let request = &model.requests()[0];
    assert_eq!((request.model.as_str(), request.temperature, request.max_tokens), ("gpt-4", Some(0.1), Some(9)));
    let roles: Vec<_> = request.messages.iter().map(|message| (&message["role"], &message["content"])).collect();
    assert_eq!(roles, [(&json!("system"), &json!("You calculate.")), (&json!("user"), &json!("2 + 2?"))]);

    let line = eventually("the log line", async || {
        let logs = client.get(&format!("{agent}/logs?level=info")).await.expect(200);
        let mut lines = logs["logs"].as_array().unwrap().clone().into_iter();
        lines.find(|line| line["message"] == "Task completed successfully")
    });
    let context = line.await["context"].clone();
    assert_eq!((&context["task_id"], &context["tokens_used"]), (&task["id"], &json!(33)));
}

async fn without_a_model_endpoint_the_task_says_what_to_set(store: Store) {
    let server = Server::start(store, Settings::for_tests().with("llm.default_model", "gpt-4"));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let failed = agent.task("anybody there?").await.reaches("failed").await;
    assert_eq!(failed["error"]["code"], "llm_not_configured");
    assert!(failed["error"]["message"].as_str().unwrap().contains("llm.base_url"), "{failed}");
    assert_eq!(agent.status().await, "running", "the agent lives on");
    let logged = eventually("the error line", async || agent.logs("?level=error").await.into_iter().next()).await;
    assert!(logged.to_string().contains("llm_not_configured"), "{logged}");
}

/// F45.
async fn an_update_while_busy_ends_while_the_task_goes_on(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("slowly").after(Duration::from_secs(4)));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "old-model").await;
    let (busy, next) = (agent.task("take your time").await, agent.task("and then").await);
    model.wait_for_requests(1).await;
    for name in ["newer-model", "newest-model"] {
        assert_eq!(agent.put(&json!({ "config": { "model": name } })).await.expect(200)["status"], "updating");
    }
    agent.reaches("running").await;
    assert_eq!(busy.get().await["status"], "running", "the update does not wait for the task");
    assert_eq!(busy.reaches("completed").await["output"], "slowly");
    next.reaches("completed").await;
    let models: Vec<_> = model.requests().into_iter().map(|request| request.model).collect();
    assert_eq!(models, ["old-model", "newest-model"]);
    assert_eq!(agent.get().await["runtime"]["incarnation"], 1);
}

/// F39.
async fn nothing_is_asked_of_the_model_while_paused(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("before the pause").after(Duration::from_secs(2)));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let (first, second) = (agent.task("one").await, agent.task("two").await);
    model.wait_for_requests(1).await;
    agent.act("pause").await.expect(200);
    agent.reaches_phase("parked").await;
    // Whatever the worker was about to do, it has had the whole way from "ready" to "parked" and its model's answer for.
    assert_eq!(model.requests().len(), 1, "the second task has not begun");
    assert_eq!(second.get().await["status"], "queued");
    agent.act("start").await.expect(200);
    assert_eq!(first.reaches("completed").await["output"], "before the pause");
    assert_eq!(second.reaches("completed").await["output"], "You said: two");
}

/// F41.
async fn a_stop_mid_task_gives_the_task_back(store: Store) {
    let Scene { model, server: _server, agent, task } = Scene::waiting_for_the_model(store).await;
    assert_eq!(agent.act("stop").await.expect(200)["status"], "stopped");
    agent.reaches_phase("none").await;
    assert_eq!(task.reaches("queued").await["attempts"], 1);
    assert_eq!(model.requests().len(), 1);
    agent.act("start").await.expect(200);
    let done = task.reaches("completed").await;
    assert_eq!((&done["output"], &done["attempts"]), (&json!("You said: hello"), &json!(2)));
    assert!(agent.logs("?level=error").await.is_empty(), "a stop is no failure");
}

/// F44.
async fn a_deleted_agents_task_ends_with_it(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("never heard").after(NEVER));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let project = client.project().await;
    let agent = client.running_agent(&project, "gpt-4").await;
    agent.task("hello").await;
    model.wait_for_requests(1).await;
    agent.delete().await.expect(200);
    client.get(&agent.path("")).await.refused(404, "agent_not_found");
    eventually("the worker is gone", async || connix_tests::workers_of(&server).is_empty().then_some(())).await;
    let heir = client.agent(&project, json!({ "name": agent.created["name"] })).await;
    assert_eq!(heir.task("welcome").await.reaches("completed").await["output"], "You said: welcome");
    assert_eq!(model.requests().len(), 2, "the deleted agent's task was not asked again");
}

/// F38.
async fn a_cancelled_task_stops_asking(store: Store) {
    let Scene { model, server: _server, agent, task } = Scene::waiting_for_the_model(store).await;
    task.cancel().await.expect(200);
    task.reaches("cancelled").await;
    assert_eq!(agent.task("next").await.reaches("completed").await["output"], "You said: next");
    assert_eq!(model.requests().len(), 2);
    assert_eq!(agent.get().await["runtime"]["incarnation"], 1, "the worker lives on");
}

async fn a_task_over_its_deadline_fails(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::answer("too late").after(NEVER));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let failed = agent.task_of(&json!({ "input": "quick!", "timeout_seconds": 1 })).await.reaches("failed").await;
    assert!(failed["error"]["code"].as_str().unwrap().contains("time"), "{failed}");
    assert_eq!(agent.task("next").await.reaches("completed").await["output"], "You said: next");
}
