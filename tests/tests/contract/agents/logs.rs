//! AGNT "Agent Logs".

use chrono::{DateTime, Duration, FixedOffset, SecondsFormat, TimeZone, Utc};
use connix_tests::{Agent, Client, ScriptedWorker, Server, eventually, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![
    the_documents_log_answers_with_its_keys,
    a_completed_task_writes_the_documents_line,
    a_failed_task_writes_an_error_with_its_reason,
    lines_come_newest_first_and_pages_are_exact,
    levels_are_matched_exactly,
    periods_are_half_open,
    repeated_lines_are_written_once,
    text_is_stored_as_it_is_written,
    a_worker_whose_clock_is_wrong_writes_lines_of_today,
    what_is_out_of_range_is_named,
];

async fn agent_with_worker(client: &Client) -> (Agent, ScriptedWorker) {
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    (agent, worker)
}

/// So many seconds ago; a worker's clock may be wrong by 300.
fn ago(seconds: i64) -> DateTime<Utc> {
    Utc::now() - Duration::seconds(seconds)
}

/// As it is written in a body or, since no `+` is in it, in a query.
fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

fn line(at: DateTime<Utc>, level: &str, message: &str) -> Value {
    json!({ "timestamp": text(at), "level": level, "message": message, "context": {} })
}

/// The page once it counts `total` lines: they can be read within a second.
async fn page(client: &Client, agent: &Agent, query: &str, total: u64) -> Value {
    eventually(&format!("{total} log lines of {query}"), async || {
        let page = client.get(&agent.path(&format!("/logs{query}"))).await.expect(200);
        (page["pagination"]["total"] == total).then_some(page)
    })
    .await
}

fn messages(page: &Value) -> Vec<&str> {
    page["logs"].as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap()).collect()
}

/// The second line of the document's answer, written by a worker a moment ago.
async fn the_documents_log_answers_with_its_keys(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let context =
        json!({ "error": "Connection timeout", "endpoint": "https://api.example.com/data", "retry_count": 3 });
    let at = text(ago(90));
    let line = json!({
        "timestamp": at, "level": "error", "message": "Failed to connect to external API", "context": context,
    });
    assert_eq!(worker.log(1, &json!([line])).await.expect(202)["accepted_through"], 1);
    let page = page(&client, &agent, "?level=error&limit=50", 1).await;
    assert_eq!(keys(&page), ["logs", "pagination"].into());
    assert_eq!(page["pagination"], json!({ "total": 1, "limit": 50, "offset": 0, "has_more": false }));
    let shown = &page["logs"][0];
    for key in ["level", "message", "context"] {
        assert_eq!(shown[key], line[key], "{key}");
    }
    assert_eq!(time(&shown["timestamp"]), time(&line["timestamp"]));
}

/// `{ "timestamp": "2024-01-15T16:20:00Z", "level": "info", "message": "Task completed successfully", "context": { "task_id":
/// "task_1234567890abcdef", "duration": 2.34, "tokens_used": 156 } }`
async fn a_completed_task_writes_the_documents_line(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let task = agent.task("work").await;
    worker.claimed().await;
    worker.complete(&task.id, 1, "done").await.expect(200);
    let page = page(&client, &agent, "?level=info", 1).await;
    let line = &page["logs"][0];
    assert_eq!(line["message"], "Task completed successfully");
    assert_eq!(keys(&line["context"]), ["task_id", "duration", "tokens_used"].into());
    assert_eq!(line["context"]["task_id"], json!(task.id));
    assert_eq!(line["context"]["tokens_used"], 17);
    assert!(line["context"]["duration"].as_f64().is_some_and(|seconds| seconds >= 0.0), "{line}");
}

async fn a_failed_task_writes_an_error_with_its_reason(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let task = agent.task("work").await;
    worker.claimed().await;
    worker.fail(&task.id, 1, "no_luck", false).await.expect(200);
    let page = page(&client, &agent, "?level=error", 1).await;
    let line = &page["logs"][0];
    assert_eq!(line["context"]["task_id"], json!(task.id));
    assert!(line.to_string().contains("no_luck"), "{line}");
}

async fn lines_come_newest_first_and_pages_are_exact(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let lines: Vec<_> = (1..=5).map(|n| line(ago(240 - 30 * n), "warn", &format!("line {n}"))).collect();
    worker.log(1, &json!(lines)).await.expect(202);
    let table = [
        ("?level=warn", &["line 5", "line 4", "line 3", "line 2", "line 1"][..], false),
        ("?level=warn&limit=2", &["line 5", "line 4"][..], true),
        ("?level=warn&limit=2&offset=2", &["line 3", "line 2"][..], true),
        ("?level=warn&limit=2&offset=4", &["line 1"][..], false),
        ("?level=warn&limit=2&offset=9", &[][..], false),
        ("?level=warn&limit=1000", &["line 5", "line 4", "line 3", "line 2", "line 1"][..], false),
    ];
    for (query, expected, has_more) in table {
        let page = page(&client, &agent, query, 5).await;
        assert_eq!(messages(&page), expected, "{query}");
        assert_eq!(page["pagination"]["has_more"], has_more, "{query}");
    }
    assert_eq!(page(&client, &agent, "?level=warn", 5).await["pagination"]["limit"], 100);
}

async fn levels_are_matched_exactly(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let levels = ["debug", "info", "warn", "error"];
    let lines: Vec<_> = levels.iter().map(|level| line(ago(240), level, &format!("a {level}"))).collect();
    // before the agent's own lines
    let end = text(ago(120));
    worker.log(1, &json!(lines)).await.expect(202);
    for level in levels {
        let page = page(&client, &agent, &format!("?level={level}&end_time={end}"), 1).await;
        assert_eq!(messages(&page), [format!("a {level}")]);
    }
    page(&client, &agent, &format!("?end_time={end}"), 4).await;
}

async fn periods_are_half_open(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let times: Vec<_> = (0..4).map(|n| ago(240) + Duration::minutes(n)).collect();
    let lines: Vec<_> = times.iter().zip(0..).map(|(at, n)| line(*at, "warn", &format!("minute {n}"))).collect();
    worker.log(1, &json!(lines)).await.expect(202);
    page(&client, &agent, "?level=warn", 4).await;
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|n| text(times[n]));
    let eastern = FixedOffset::east_opt(7200).unwrap().from_utc_datetime(&times[1].naive_utc());
    let eastern = eastern.to_rfc3339_opts(SecondsFormat::Micros, false).replace('+', "%2B");
    let table = [
        (format!("start_time={second}&end_time={fourth}"), &["minute 2", "minute 1"][..]),
        (format!("start_time={third}"), &["minute 3", "minute 2"][..]),
        (format!("end_time={second}"), &["minute 0"][..]),
        (format!("end_time={first}"), &[][..]),
        (format!("start_time={eastern}&end_time={third}"), &["minute 1"][..]),
        ("start_time=2024-01-11".to_owned(), &["minute 3", "minute 2", "minute 1", "minute 0"][..]),
        ("end_time=2024-01-11".to_owned(), &[][..]),
    ];
    for (query, expected) in table {
        let page = page(&client, &agent, &format!("?level=warn&{query}"), expected.len() as u64).await;
        assert_eq!(messages(&page), expected, "{query}");
    }
}

async fn repeated_lines_are_written_once(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let lines = json!([line(ago(30), "warn", "one"), line(ago(20), "warn", "two")]);
    for _ in 0..2 {
        assert_eq!(worker.log(1, &lines).await.expect(202)["accepted_through"], 2);
    }
    worker.log(2, &json!([lines[1], line(ago(10), "warn", "three")])).await.expect(202);
    let page = page(&client, &agent, "?level=warn", 3).await;
    assert_eq!(messages(&page), ["three", "two", "one"]);
}

/// A13.
async fn text_is_stored_as_it_is_written(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let message = "esc \u{1b}[31m, \"quotes\", line\nbreak, {\"level\":\"error\"}";
    worker.log(1, &json!([line(ago(1), "warn", message)])).await.expect(202);
    assert_eq!(messages(&page(&client, &agent, "?level=warn", 1).await), [message]);
}

/// It can neither hold the newest place for ever nor write what is old already.
async fn a_worker_whose_clock_is_wrong_writes_lines_of_today(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let wrong = [("1970-01-01T00:00:00Z", "past"), ("9999-12-31T23:59:59Z", "future")];
    let lines = wrong.map(|(at, message)| line(at.parse().unwrap(), "warn", message));
    let before = Utc::now();
    worker.log(1, &json!(lines)).await.expect(202);
    let page = page(&client, &agent, "?level=warn", 2).await;
    assert_eq!(messages(&page), ["future", "past"]);
    for shown in page["logs"].as_array().unwrap() {
        assert!((time(&shown["timestamp"]) - before).num_seconds().abs() < 400, "{shown}");
    }
}

/// V12, V17.
async fn what_is_out_of_range_is_named(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let table = [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=abc", "limit"),
        ("offset=-1", "offset"),
        ("level=trace", "level"),
        ("level=INFO", "level"),
        ("start_time=now", "start_time"),
        ("end_time=2024-13-45", "end_time"),
        ("start_time=2024-01-02&end_time=2024-01-01", "start_time"),
        ("colour=blue", "colour"),
    ];
    for (query, parameter) in table {
        let answer = client.get(&agent.path(&format!("/logs?{query}"))).await;
        let fields = answer.refused_fields(400, "validation_error");
        assert!(fields[0].0 == parameter || fields[0].0 == "end_time", "{query}: {fields:?}");
    }
}
