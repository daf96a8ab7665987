//! The figures of agents that really run: what is shown is what was done and what was measured.

use std::time::{Duration, Instant};

use connix_tests::{
    Agent, Client, FakeModel, FakeReply, Project, Server, Settings, Store, eventually, with_every_store,
};
use serde_json::{Value, json};

with_every_store![
    stats_metrics_and_usage_are_what_was_done,
    what_runs_is_measured_and_says_by_what,
    an_external_worker_measures_itself,
    agent_seconds_are_those_in_which_the_agent_lived,
    a_kill_of_the_server_invents_no_agent_seconds,
];

/// A server whose agents are measured each second.
fn server(store: Store, model: &FakeModel) -> Server {
    let settings = Settings::with_model(model).with("telemetry.sample_seconds", "1");
    Server::start(store, settings.with("llm.prices", "gpt-4=30/60,other=1/1"))
}

async fn metrics(agent: &Agent) -> Value {
    agent.client().get(&agent.path("/metrics?interval=1m")).await.expect(200)["metrics"].clone()
}

async fn usage(client: &Client, project: &Project) -> Value {
    client.get(&format!("/api/v1/projects/{}/usage", project.uid)).await.expect(200)["usage"].clone()
}

fn agent_seconds(usage: &Value) -> f64 {
    usage["agent_seconds"].as_f64().unwrap()
}

async fn stats_metrics_and_usage_are_what_was_done(store: Store) {
    let model = FakeModel::start().await;
    let server = server(store, &model);
    let client = server.client();
    let project = client.project().await;
    let agent = client.running_agent(&project, "gpt-4").await;
    let mut durations = Vec::new();
    for (prompt, completion) in [(100, 10), (200, 20), (300, 30)] {
        model.reply(FakeReply::answer("done").usage(prompt, completion));
        let done = agent.task("work").await.reaches("completed").await;
        assert_eq!(done["usage"]["total_tokens"], prompt + completion);
        durations.push(done["duration"].as_f64().unwrap());
    }
    model.reply(FakeReply::error(400, "no"));
    agent.task("fail").await.reaches("failed").await;

    let stats = agent.get().await["stats"].clone();
    let counts = ["total_tasks", "completed_tasks", "failed_tasks"].map(|key| stats[key].as_u64().unwrap());
    assert_eq!((counts, &stats["success_rate"]), ([4, 3, 1], &json!(0.75)));
    let average = durations.iter().sum::<f64>() / 3.0;
    assert!((stats["avg_response_time"].as_f64().unwrap() - average).abs() < 0.002, "{stats} {durations:?}");

    let figures = metrics(&agent).await;
    let tasks = json!({ "total": 4, "completed": 3, "failed": 1, "in_progress": 0, "success_rate": 0.75 });
    assert_eq!(figures["tasks"], tasks);
    assert_eq!(figures["performance"]["avg_response_time"], stats["avg_response_time"]);
    assert_eq!(figures["performance"]["tokens_per_minute"], 0.458333, "660 in the 1440 minutes of a day");
    assert_eq!(figures["performance"]["requests_per_minute"], 0.002083, "3: a call that was refused is no answer");

    let used = usage(&client, &project).await;
    let tokens = json!({ "requests": 3, "prompt_tokens": 600, "completion_tokens": 60, "total_tokens": 660 });
    assert_eq!((&used["tokens"], &used["tasks"]), (&tokens, &json!({ "total": 4, "completed": 3, "failed": 1 })));
    let cost = json!({ "amount": 0.0216, "currency": "USD", "unpriced_models": [] });
    assert_eq!(used["cost"], cost, "600 for 30 and 60 for 60 a million");
    assert_eq!((&used["models"][0]["model"], &used["models"][0]["cost"]), (&json!("gpt-4"), &json!(0.0216)));

    // the log says the same of each
    let lines = agent.logs("?level=info").await;
    let noted = lines.iter().filter(|line| line["message"] == "Task completed successfully");
    let noted: u64 = noted.map(|line| line["context"]["tokens_used"].as_u64().unwrap()).sum();
    assert_eq!(noted, 660);
}

async fn what_runs_is_measured_and_says_by_what(store: Store) {
    let model = FakeModel::start().await;
    let server = server(store, &model);
    let client = server.client();
    let project = client.project().await;
    let agent = client.running_agent(&project, "gpt-4").await;
    model.reply(FakeReply::answer(&"x".repeat(50_000)));
    agent.task(&"y".repeat(20_000)).await.reaches("completed").await;
    let workspace = server.installation.workspaces().join(&project.uid);
    assert!(workspace.is_dir(), "{}", workspace.display());

    let used = eventually("a sample with the call's bytes", async || {
        let used = metrics(&agent).await["resource_usage"].clone();
        (used["network_in"].as_u64() >= Some(50_000)).then_some(used)
    })
    .await;
    assert!((50_000..60_000).contains(&used["network_in"].as_u64().unwrap()), "{used}");
    assert!((20_000..30_000).contains(&used["network_out"].as_u64().unwrap()), "{used}");
    let memory = used["memory_usage"].as_f64().unwrap();
    assert!(memory > 0.0 && memory < 0.5, "{used}");
    assert!((0.0..=1.0).contains(&used["cpu_usage"].as_f64().unwrap()), "{used}");
    let source = json!({ "cpu": "processes", "memory": "processes", "disk": "workspace", "network": "worker_clients" });
    assert_eq!(used["source"], source);
}

async fn an_external_worker_measures_itself(store: Store) {
    let model = FakeModel::start().await;
    let server = server(store, &model);
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let usage = json!({
        "processor": { "seconds": 0.5, "processors": 4.0 }, "memory": { "used": 250, "limit": 1000 },
        "network": { "received": 70, "sent": 30 },
    });
    worker.says_usage(&usage).await.expect(200);
    let used = eventually("a sample", async || {
        let used = metrics(&agent).await["resource_usage"].clone();
        (used["network_in"] == 70).then_some(used)
    })
    .await;
    assert_eq!(
        (&used["network_out"], &used["memory_usage"], &used["disk_usage"]),
        (&json!(30), &json!(0.25), &json!(0.0))
    );
    let source = json!({ "cpu": "worker", "memory": "worker", "disk": null, "network": "worker_clients" });
    assert_eq!(used["source"], source, "nobody measured its disk");
}

async fn agent_seconds_are_those_in_which_the_agent_lived(store: Store) {
    let model = FakeModel::start().await;
    let server = server(store, &model);
    let client = server.client();
    let project = client.project().await;
    let begun = Instant::now();
    let agent = client.running_agent(&project, "gpt-4").await;
    let running = Instant::now();
    eventually("two seconds are counted", async || {
        (agent_seconds(&usage(&client, &project).await) >= 2.0).then_some(())
    })
    .await;
    let lived = running.elapsed().as_secs_f64();
    agent.act("stop").await.expect(200);
    agent.reaches_phase("none").await;
    let counted = agent_seconds(&usage(&client, &project).await);
    assert!(counted >= lived, "{counted} s of at least {lived} s: the last part of a second counts too");
    assert!(counted <= begun.elapsed().as_secs_f64(), "{counted} s of at most {:?}", begun.elapsed());
    agent.delete().await.expect(200);
    eventually("the agent is purged", async || {
        let body = json!({ "name": agent.created["name"], "runtime": "external" });
        let path = format!("/api/v1/projects/{}/agents", project.uid);
        (client.post(&path, &body).await.status == 201).then_some(())
    })
    .await;
    assert_eq!(agent_seconds(&usage(&client, &project).await), counted, "the time of an agent that is gone stays");
}

async fn a_kill_of_the_server_invents_no_agent_seconds(store: Store) {
    let model = FakeModel::start().await;
    let mut server = server(store, &model);
    let client = server.client();
    let project = client.project().await;
    let begun = Instant::now();
    let agent = client.running_agent(&project, "gpt-4").await;
    let counted = eventually("a second is counted", async || {
        Some(agent_seconds(&usage(&client, &project).await)).filter(|seconds| *seconds >= 1.0)
    })
    .await;
    let killed = Instant::now();
    server.kill();
    tokio::time::sleep(Duration::from_secs(3)).await; // the time that must not be counted
    let away = killed.elapsed().as_secs_f64();
    server.start_again();
    eventually("the next incarnation works", async || {
        (agent.get().await["runtime"]["incarnation"] == 2 && agent.status().await == "running").then_some(())
    })
    .await;
    let more = eventually("more is counted", async || {
        Some(agent_seconds(&usage(&client, &project).await)).filter(|seconds| *seconds > counted)
    })
    .await;
    let passed = begun.elapsed().as_secs_f64();
    assert!(more <= passed - away, "{more} s of {passed} s, of which nothing ran for {away} s");
}
