//! Old log lines go after `telemetry.retention_days`, and a line says so (contract section 6).

use chrono::{DateTime, Duration, Utc};
use connix_tests::{Agent, Server, Settings, Store, eventually, with_every_store};
use serde_json::{Value, json};

with_every_store![old_lines_are_dropped_and_a_line_says_so];

const OLD: u64 = 5000;

/// Lines of 40 days ago, beside the server: a worker cannot write such.
async fn write_old_lines(server: &Server, agent: &Agent) {
    let days_ago = |days: i64| Utc::now() - Duration::days(days);
    let columns = "INSERT INTO log (org_id, agent_id, key, at, level, message, context) SELECT org_id, id, 'w0.' || n";
    let from = |numbers: String| format!("'warn', 'old ' || n, '{{}}' FROM agent, {numbers} WHERE id = '{}'", agent.id);
    let micros = days_ago(40).timestamp_micros();
    let recursive =
        format!("(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {OLD}) SELECT n FROM s)");
    let sqlite = format!("{columns}, {micros} + n, {}", from(recursive));
    let time = days_ago(40).to_rfc3339();
    let series = format!("generate_series(1, {OLD}) AS n");
    let postgres = format!("{columns}, '{time}'::timestamptz + n * interval '1 microsecond', {}", from(series));
    server.installation.execute(&sqlite, &postgres).await;
}

async fn page(agent: &Agent, query: &str) -> Value {
    agent.client().get(&agent.path(&format!("/logs{query}"))).await.expect(200)
}

async fn old_lines_are_dropped_and_a_line_says_so(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let now = Utc::now().to_rfc3339();
    let young = json!([{ "timestamp": now, "level": "warn", "message": "young", "context": {} }]);
    worker.log(1, &young).await.expect(202);
    write_old_lines(&server, &agent).await;
    assert_eq!(page(&agent, "?level=warn").await["pagination"]["total"], OLD + 1);

    server.kill();
    server.start_again();
    let kept = eventually("old lines are dropped", async || {
        let page = page(&agent, "?level=warn").await;
        (page["pagination"]["total"] == 1).then_some(page)
    })
    .await;
    assert_eq!(kept["logs"][0]["message"], "young");
    let limit = Utc::now() - Duration::days(30);
    let hour_later = (limit + Duration::hours(1)).format("%Y-%m-%dT%H:%M:%SZ");
    let old = page(&agent, &format!("?end_time={hour_later}")).await;
    let mark = &old["logs"][0];
    assert_eq!((&old["pagination"]["total"], &mark["message"]), (&json!(1), &json!("Older log lines were removed")));
    let removed: DateTime<Utc> = mark["context"]["removed_before"].as_str().unwrap().parse().unwrap();
    assert!((limit - removed).num_seconds().abs() < 60, "{mark}");
}
