//! AGNT "Get Agent": what an agent's tasks came to (contract section 6, "Stats and metrics").

use connix_tests::{Server, keys, on_every_store};
use serde_json::json;

on_every_store![
    the_documents_stats_are_shown_with_their_keys,
    an_agent_without_tasks_has_zeros,
    tasks_are_counted_by_how_they_ended,
    only_get_shows_stats,
    the_last_activity_is_the_last_sign_of_work,
];

/// `"stats": { "total_tasks": 1247, "completed_tasks": 1198, "failed_tasks": 23, "success_rate": 0.961, "avg_response_time": 2.3 }`
async fn the_documents_stats_are_shown_with_their_keys(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let stats = agent.get().await["stats"].clone();
    let expected = ["total_tasks", "completed_tasks", "failed_tasks", "success_rate", "avg_response_time"];
    assert_eq!(keys(&stats), expected.into());
    for count in &expected[..3] {
        assert!(stats[count].is_i64() || stats[count].is_u64(), "{stats}");
    }
    assert!(stats["success_rate"].is_f64() && stats["avg_response_time"].is_f64(), "{stats}");
}

async fn an_agent_without_tasks_has_zeros(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let zeros = json!({
        "total_tasks": 0, "completed_tasks": 0, "failed_tasks": 0, "success_rate": 0.0, "avg_response_time": 0.0,
    });
    assert_eq!(agent.get().await["stats"], zeros);
}

async fn tasks_are_counted_by_how_they_ended(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let mut took = 0.0;
    for _ in 0..3 {
        let task = agent.task("work").await;
        worker.claimed().await;
        worker.complete(&task.id, 1, "done").await.expect(200);
        took += task.get().await["duration"].as_f64().unwrap();
    }
    let failed = agent.task("work").await;
    worker.claimed().await;
    worker.fail(&failed.id, 1, "no_luck", false).await.expect(200);
    agent.task("never mind").await.cancel().await.expect(200);

    let stats = agent.get().await["stats"].clone();
    assert_eq!(
        (&stats["total_tasks"], &stats["completed_tasks"], &stats["failed_tasks"]),
        (&json!(4), &json!(3), &json!(1))
    );
    assert_eq!(stats["success_rate"], 0.75, "cancelled ones are left out");
    let average = stats["avg_response_time"].as_f64().unwrap();
    assert!((average - took / 3.0).abs() < 0.002, "{average} is the average of {took} s by 3");

    agent.task("open").await;
    let stats = agent.get().await["stats"].clone();
    assert_eq!(
        (&stats["total_tasks"], &stats["success_rate"]),
        (&json!(5), &json!(0.6)),
        "an open one counts as not yet"
    );
}

async fn only_get_shows_stats(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    assert_eq!(agent.created.get("stats"), None);
    let listed = client.get(&agent.path("").replace(&format!("/{}", agent.id), "")).await.expect(200);
    assert_eq!(listed["agents"][0].get("stats"), None);
    assert_eq!(agent.put(&json!({ "description": "new" })).await.expect(200).get("stats"), None);
    // what was read can be sent back, whatever the figures are by then
    let read = agent.get().await;
    agent.put(&json!({ "name": read["name"], "stats": read["stats"] })).await.expect(200);
}

async fn the_last_activity_is_the_last_sign_of_work(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    assert_eq!(agent.created["last_activity"], json!(null));
    let worker = agent.worker().await;
    let task = agent.task("work").await;
    worker.claimed().await;
    worker.complete(&task.id, 1, "done").await.expect(200);
    let (shown, done) = (agent.get().await, task.get().await);
    assert!(shown["last_activity"].as_str() >= done["completed_at"].as_str(), "{shown} {done}");
    assert_eq!(agent.get().await["last_activity"], shown["last_activity"], "looking is no work");
}
