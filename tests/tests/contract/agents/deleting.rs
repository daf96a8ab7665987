//! AGNT "Delete Agent": the agent and all that belongs to it are gone at once.

use connix_tests::{Server, on_every_store};
use serde_json::json;

on_every_store![
    the_documents_answer_is_given,
    everything_below_it_is_gone,
    a_second_delete_finds_nothing,
    a_running_agent_is_deleted_with_its_worker,
];

async fn the_documents_answer_is_given(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let expected = json!({ "message": "Agent deleted successfully", "agent_id": agent.id });
    assert_eq!(agent.delete().await.expect(200), expected);
}

async fn everything_below_it_is_gone(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let task = agent.task("never done").await;
    agent.delete().await.expect(200);
    for path in [agent.path("/logs"), agent.path("/tasks"), task.path(""), task.path("/events")] {
        client.get(&path).await.refused(404, "agent_not_found");
    }
    client.post(&agent.path("/tasks"), &json!({ "input": "too late" })).await.refused(404, "agent_not_found");
    let listed = client.get(&format!("/api/v1/projects/{}/agents", project.uid)).await.expect(200);
    assert_eq!(listed["pagination"]["total"], 0);
}

async fn a_second_delete_finds_nothing(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    agent.delete().await.expect(200);
    agent.delete().await.refused(404, "agent_not_found");
}

async fn a_running_agent_is_deleted_with_its_worker(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    agent.delete().await.expect(200);
    let answer = worker.heartbeat("idle", 1, &[]).await;
    let told = answer.status == 200 && matches!(answer.json()["desired"].as_str(), Some("drain" | "exit"));
    assert!(told || matches!(answer.status, 401 | 410), "the worker is told to leave: {answer:?}");
}
