//! What a project used (contract section 5).

use connix_tests::{Client, Project, Server, eventually, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![
    a_project_that_used_nothing_shows_zeros,
    tokens_are_counted_by_model,
    what_a_deleted_agent_used_stays,
    the_series_adds_up_to_the_total,
    what_is_wrong_with_a_period_is_named,
    a_project_that_is_not_seen_has_no_usage,
];

async fn usage(client: &Client, project: &Project, query: &str) -> Value {
    client.get(&format!("/api/v1/projects/{}/usage{query}", project.uid)).await.expect(200)
}

/// An agent with a model of its own, of which a worker has completed and failed so many tasks of 12 and 5 tokens.
async fn work(client: &Client, project: &Project, model: &str, completed: usize, failed: usize) -> connix_tests::Agent {
    let agent = client.agent(project, json!({ "runtime": "external", "config": { "model": model } })).await;
    let worker = agent.worker().await;
    for n in 0..completed + failed {
        let task = agent.task("work").await;
        worker.claimed().await;
        if n < completed {
            worker.complete(&task.id, 1, "done").await.expect(200);
        } else {
            worker.fail(&task.id, 1, "no_luck", false).await.expect(200);
        }
    }
    agent
}

async fn a_project_that_used_nothing_shows_zeros(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let answer = usage(&client, &project, "?start_time=2024-01-15T15:00:00Z&end_time=2024-01-15T17:00:00Z").await;
    let period = json!({ "start_time": "2024-01-15T15:00:00Z", "end_time": "2024-01-15T17:00:00Z", "interval": "1h" });
    assert_eq!((&answer["period"], &answer["project_id"]), (&period, &json!(project.uid)));
    let nothing = json!({
        "tasks": { "total": 0, "completed": 0, "failed": 0 },
        "tokens": { "requests": 0, "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 },
        "models": [],
        "agent_seconds": 0.0,
        "cost": { "amount": 0.0, "currency": "USD", "unpriced_models": [] },
    });
    let of = |figures: &Value, key: &str| figures[key].clone();
    for key in keys(&nothing) {
        assert_eq!(of(&answer["usage"], key), nothing[key], "{key}");
    }
    assert_eq!(answer["usage"]["storage_bytes"], 0);
    assert!(!answer.to_string().contains(":-0"), "nothing is less than nothing: {answer}");
    let series = answer["usage"]["time_series"].as_array().unwrap();
    assert_eq!(series.len(), 2);
    let mut first = nothing;
    first["timestamp"] = "2024-01-15T15:00:00Z".into();
    first["storage_bytes"] = Value::Null;
    assert_eq!(series[0], first);
}

async fn tokens_are_counted_by_model(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    work(&client, &project, "large", 2, 1).await;
    work(&client, &project, "small", 1, 0).await;
    let answer = usage(&client, &project, "").await;
    let used = &answer["usage"];
    assert_eq!(used["tasks"], json!({ "total": 4, "completed": 3, "failed": 1 }));
    let tokens = json!({ "requests": 4, "prompt_tokens": 48, "completion_tokens": 20, "total_tokens": 68 });
    assert_eq!(used["tokens"], tokens);
    let model = |name: &str, times: u64| {
        json!({
            "model": name, "requests": times, "prompt_tokens": 12 * times, "completion_tokens": 5 * times,
            "total_tokens": 17 * times, "cost": null,
        })
    };
    assert_eq!(used["models"], json!([model("large", 3), model("small", 1)]));
    assert_eq!(used["cost"]["unpriced_models"], json!(["large", "small"]), "nobody has set their prices");
}

async fn what_a_deleted_agent_used_stays(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = work(&client, &project, "large", 1, 0).await;
    let before = usage(&client, &project, "").await["usage"]["tokens"].clone();
    assert_eq!(before["total_tokens"], 17);
    agent.delete().await.expect(200);
    // the name is free when the agent is gone altogether
    eventually("the agent is purged", async || {
        let body = json!({ "name": agent.created["name"], "runtime": "external" });
        let path = format!("/api/v1/projects/{}/agents", project.uid);
        (client.post(&path, &body).await.status == 201).then_some(())
    })
    .await;
    let after = usage(&client, &project, "").await;
    assert_eq!(after["usage"]["tokens"], before);
    assert_eq!(after["usage"]["tasks"]["completed"], 1);
}

async fn the_series_adds_up_to_the_total(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    work(&client, &project, "large", 2, 0).await;
    for interval in ["1m", "5m", "15m", "1h", "1d"] {
        let answer = usage(&client, &project, &format!("?interval={interval}")).await;
        let series = answer["usage"]["time_series"].as_array().unwrap().iter();
        let tokens: u64 = series.map(|entry| entry["tokens"]["total_tokens"].as_u64().unwrap()).sum();
        assert_eq!((tokens, &answer["usage"]["tokens"]["total_tokens"]), (34, &json!(34)), "{interval}");
    }
}

async fn what_is_wrong_with_a_period_is_named(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for (query, parameter) in [
        ("interval=2h", "interval"),
        ("start_time=now", "start_time"),
        ("start_time=2024-01-02&end_time=2024-01-01", "end_time"),
        ("start_time=2001-01-01&interval=1h", "interval"),
        ("model=large", "model"),
    ] {
        let answer = client.get(&format!("/api/v1/projects/{}/usage?{query}", project.uid)).await;
        let error = answer.refused(400, "VALIDATION_ERROR");
        assert!(error.to_string().contains(parameter), "{query}: {error}");
    }
}

async fn a_project_that_is_not_seen_has_no_usage(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}/usage", project.uid);
    server.tenant().client.get(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    server.anonymous().get(&path).await.refused(401, "UNAUTHORIZED");
    let key = server.key("default", &["--permissions", "data.agents.read"]);
    server.client_with(&key).get(&path).await.refused(403, "FORBIDDEN");
}
