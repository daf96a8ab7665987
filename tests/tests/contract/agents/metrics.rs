//! AGNT "Get Agent Metrics" (contract section 6, "Stats and metrics").

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use connix_tests::{Agent, Client, ScriptedWorker, Server, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![
    the_documents_call_answers_with_its_keys,
    the_default_period_is_the_last_day_by_the_hour,
    the_period_is_echoed_and_the_series_has_every_interval,
    an_empty_period_is_zero,
    tasks_tokens_and_times_are_what_was_done,
    a_task_belongs_to_the_period_in_which_it_ended,
    tasks_in_progress_are_those_open_at_the_end,
    fifteen_hundred_intervals_are_the_most,
    what_is_wrong_with_a_period_is_named,
    another_organisations_agent_has_no_metrics,
    the_documents_refusals_are_word_for_word,
    a_deleted_agent_has_no_metrics,
];

async fn agent_with_worker(client: &Client) -> (Agent, ScriptedWorker) {
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    (agent, worker)
}

async fn metrics(agent: &Agent, query: &str) -> Value {
    agent.client().get(&agent.path(&format!("/metrics{query}"))).await.expect(200)
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// The document's answer, key by key.
async fn the_documents_call_answers_with_its_keys(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let answer = metrics(&agent, "?interval=1h").await;
    assert_eq!(keys(&answer), ["metrics", "period"].into());
    let metrics = &answer["metrics"];
    assert_eq!(keys(metrics), ["tasks", "performance", "resource_usage", "time_series"].into());
    assert_eq!(keys(&metrics["tasks"]), ["total", "completed", "failed", "in_progress", "success_rate"].into());
    let performance =
        ["avg_response_time", "p95_response_time", "p99_response_time", "tokens_per_minute", "requests_per_minute"];
    assert_eq!(keys(&metrics["performance"]), performance.into());
    let resources = ["cpu_usage", "memory_usage", "disk_usage", "network_in", "network_out", "source"];
    assert_eq!(keys(&metrics["resource_usage"]), resources.into());
    let series = ["timestamp", "tasks_completed", "avg_response_time", "cpu_usage", "memory_usage"];
    assert_eq!(keys(&metrics["time_series"][0]), series.into());
    assert_eq!(keys(&answer["period"]), ["start_time", "end_time", "interval"].into());
    for number in ["cpu_usage", "memory_usage", "disk_usage"] {
        assert!(metrics["resource_usage"][number].is_f64(), "{metrics}");
    }
    for count in ["network_in", "network_out"] {
        assert!(metrics["resource_usage"][count].is_u64(), "{metrics}");
    }
}

async fn the_default_period_is_the_last_day_by_the_hour(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let answer = metrics(&agent, "").await;
    let (start, end) = (time(&answer["period"]["start_time"]), time(&answer["period"]["end_time"]));
    assert_eq!((end - start, &answer["period"]["interval"]), (TimeDelta::hours(24), &json!("1h")));
    assert!(end >= time(&agent.created["created_at"]), "it ends now: {end}");
    let series = answer["metrics"]["time_series"].as_array().unwrap();
    assert!(matches!(series.len(), 24 | 25), "{} hours are touched", series.len());
    let first = time(&series[0]["timestamp"]);
    assert!(first <= start && start - first < TimeDelta::hours(1), "{first} holds {start}");
}

/// The period of the document's answer.
async fn the_period_is_echoed_and_the_series_has_every_interval(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let period = "start_time=2024-01-15T15:00:00Z&end_time=2024-01-15T17:00:00Z";
    for (interval, count, second) in [
        ("1m", 120, "2024-01-15T15:01:00Z"),
        ("5m", 24, "2024-01-15T15:05:00Z"),
        ("15m", 8, "2024-01-15T15:15:00Z"),
        ("1h", 2, "2024-01-15T16:00:00Z"),
    ] {
        let answer = metrics(&agent, &format!("?{period}&interval={interval}")).await;
        let echoed =
            json!({ "start_time": "2024-01-15T15:00:00Z", "end_time": "2024-01-15T17:00:00Z", "interval": interval });
        assert_eq!(answer["period"], echoed);
        let series = answer["metrics"]["time_series"].as_array().unwrap();
        assert_eq!(series.len(), count, "{interval}");
        assert_eq!(
            (&series[0]["timestamp"], &series[1]["timestamp"]),
            (&json!("2024-01-15T15:00:00Z"), &json!(second))
        );
    }
    let days = metrics(&agent, "?start_time=2024-01-15T23:00:00%2B02:00&end_time=2024-01-17&interval=1d").await;
    let starts: Vec<_> =
        days["metrics"]["time_series"].as_array().unwrap().iter().map(|entry| &entry["timestamp"]).collect();
    assert_eq!(starts, [&json!("2024-01-15T00:00:00Z"), &json!("2024-01-16T00:00:00Z")], "aligned to UTC");
    assert_eq!(days["period"]["start_time"], "2024-01-15T21:00:00Z");
}

async fn an_empty_period_is_zero(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let answer = metrics(&agent, "?start_time=2024-01-15T15:00:00Z&end_time=2024-01-15T16:00:00Z").await;
    let nothing = json!({
        "tasks": { "total": 0, "completed": 0, "failed": 0, "in_progress": 0, "success_rate": 0.0 },
        "performance": {
            "avg_response_time": 0.0, "p95_response_time": 0.0, "p99_response_time": 0.0,
            "tokens_per_minute": 0.0, "requests_per_minute": 0.0,
        },
        "resource_usage": {
            "cpu_usage": 0.0, "memory_usage": 0.0, "disk_usage": 0.0, "network_in": 0, "network_out": 0,
            "source": { "cpu": null, "memory": null, "disk": null, "network": null },
        },
        "time_series": [{
            "timestamp": "2024-01-15T15:00:00Z", "tasks_completed": 0, "avg_response_time": 0.0,
            "cpu_usage": 0.0, "memory_usage": 0.0,
        }],
    });
    assert_eq!(answer["metrics"], nothing);
}

async fn tasks_tokens_and_times_are_what_was_done(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let mut durations = Vec::new();
    for _ in 0..3 {
        let task = agent.task("work").await;
        worker.claimed().await;
        worker.complete(&task.id, 1, "done").await.expect(200);
        durations.push(task.get().await["duration"].as_f64().unwrap());
    }
    let failed = agent.task("work").await;
    worker.claimed().await;
    worker.fail(&failed.id, 1, "no_luck", false).await.expect(200);
    agent.task("never mind").await.cancel().await.expect(200);
    agent.task("open").await;

    let answer = metrics(&agent, "?interval=1d").await;
    let figures = &answer["metrics"];
    let tasks = json!({ "total": 5, "completed": 3, "failed": 1, "in_progress": 1, "success_rate": 0.6 });
    assert_eq!(figures["tasks"], tasks);
    let performance = &figures["performance"];
    let near = |shown: &Value, seconds: f64| (shown.as_f64().unwrap() - seconds).abs() < 0.002;
    let longest = durations.iter().copied().fold(0.0, f64::max);
    assert!(
        near(&performance["avg_response_time"], durations.iter().sum::<f64>() / 3.0),
        "{performance} {durations:?}"
    );
    assert!(near(&performance["p95_response_time"], longest), "{performance} {durations:?}");
    assert!(near(&performance["p99_response_time"], longest), "{performance} {durations:?}");
    // four attempts of 17 tokens and one call each, in the 1440 minutes of the last day
    assert_eq!(performance["tokens_per_minute"], 0.047222);
    assert_eq!(performance["requests_per_minute"], 0.002778);
    let series = figures["time_series"].as_array().unwrap();
    let completed: u64 = series.iter().map(|entry| entry["tasks_completed"].as_u64().unwrap()).sum();
    assert_eq!(completed, 3, "the series adds up to the total");
}

async fn a_task_belongs_to_the_period_in_which_it_ended(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let task = agent.task("work").await;
    worker.claimed().await;
    worker.complete(&task.id, 1, "done").await.expect(200);
    let ended = time(&task.get().await["completed_at"]);
    let just = TimeDelta::microseconds(1);
    for (start, end, completed) in [
        (ended - TimeDelta::minutes(3), ended, 0),
        (ended - TimeDelta::minutes(3), ended + just, 1),
        (ended, ended + TimeDelta::minutes(3), 1),
        (ended + just, ended + TimeDelta::minutes(3), 0),
    ] {
        let answer =
            metrics(&agent, &format!("?start_time={}&end_time={}&interval=1m", shown(start), shown(end))).await;
        assert_eq!(answer["metrics"]["tasks"]["completed"], completed, "[{start}, {end}) of {ended}");
    }
}

async fn tasks_in_progress_are_those_open_at_the_end(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let task = agent.task("work").await;
    let made = time(&task.get().await["created_at"]);
    worker.claimed().await;
    worker.complete(&task.id, 1, "done").await.expect(200);
    let ended = time(&task.get().await["completed_at"]);
    for (end, in_progress) in [(made, 0), (ended, 1), (ended + TimeDelta::microseconds(1), 0)] {
        let start = shown(made - TimeDelta::minutes(5));
        let answer = metrics(&agent, &format!("?start_time={start}&end_time={}&interval=1m", shown(end))).await;
        assert_eq!(answer["metrics"]["tasks"]["in_progress"], in_progress, "at {end}");
    }
}

async fn fifteen_hundred_intervals_are_the_most(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let most = metrics(&agent, "?start_time=2024-01-01T00:00:00Z&end_time=2024-01-02T01:00:00Z&interval=1m").await;
    assert_eq!(most["metrics"]["time_series"].as_array().unwrap().len(), 1500);
    let more = "/metrics?start_time=2024-01-01T00:00:00Z&end_time=2024-01-02T01:01:00Z&interval=1m";
    let fields = client.get(&agent.path(more)).await.refused_fields(400, "validation_error");
    assert_eq!(fields[0].0, "interval", "{fields:?}");
}

async fn what_is_wrong_with_a_period_is_named(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let table = [
        ("interval=2h", "interval"),
        ("interval=1H", "interval"),
        ("interval=", "interval"),
        ("interval=60", "interval"),
        ("start_time=yesterday", "start_time"),
        ("end_time=2024-13-45", "end_time"),
        ("end_time=1705334400", "end_time"),
        ("start_time=", "start_time"),
        ("start_time=2024-01-02&end_time=2024-01-01", "end_time"),
        ("start_time=2024-01-02&end_time=2024-01-02", "end_time"),
        ("start_time=2999-01-01", "start_time"),
        ("start_time=2001-01-01&interval=1h", "interval"),
        ("start_time=0001-01-01&end_time=9999-12-31&interval=1d", "interval"),
        ("interval=1h&interval=1h", "interval"),
        ("start_time=2024-01-01&start_time=2024-01-01&end_time=2024-01-02", "start_time"),
        ("limit=10", "limit"),
        ("colour=blue", "colour"),
    ];
    for (query, parameter) in table {
        let answer = client.get(&agent.path(&format!("/metrics?{query}"))).await;
        let fields = answer.refused_fields(400, "validation_error");
        assert_eq!(fields.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), [parameter], "{query}");
    }
    let answer = client.get(&agent.path("/metrics?interval=2h&start_time=now&colour=blue")).await;
    let fields = answer.refused_fields(400, "validation_error");
    let named: Vec<_> = fields.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(named, ["start_time", "interval", "colour"], "all faults are named");
}

async fn another_organisations_agent_has_no_metrics(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let stranger = server.tenant().client;
    stranger.get(&agent.path("/metrics")).await.refused(404, "project_not_found");
    server.anonymous().get(&agent.path("/metrics")).await.refused(401, "unauthorized");
}

/// The document's 401, 403 and 404.
async fn the_documents_refusals_are_word_for_word(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let path = agent.path("/metrics");
    let bad = server.client_with("cx_your_api_key_here").get(&path).await.refused(401, "unauthorized");
    assert_eq!(bad["message"], "Invalid API key or expired token");
    let key = server.key("default", &["--permissions", "data.projects.read"]);
    let forbidden = server.client_with(&key).get(&path).await.refused(403, "insufficient_permissions");
    assert_eq!(forbidden["message"], "You don't have permission to access this agent");
    let missing = client.get(&path.replace(&agent.id, "agent_1234567890abcdef")).await.refused(404, "agent_not_found");
    assert_eq!(missing["message"], "Agent with ID 'agent_1234567890abcdef' not found");
}

/// `Agent with ID 'agent_1234567890abcdef' not found`
async fn a_deleted_agent_has_no_metrics(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    agent.delete().await.expect(200);
    let error = client.get(&agent.path("/metrics")).await.refused(404, "agent_not_found");
    assert_eq!(error["message"], format!("Agent with ID '{}' not found", agent.id));
}
