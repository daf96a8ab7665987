//! Names of agents are unique in their project (AGNT "409 Conflict"; `reliability.md` V22).

use connix_tests::{Server, on_every_store};
use futures_util::future::join_all;
use serde_json::json;

on_every_store![
    a_taken_name_is_refused_in_the_documents_words,
    of_fifty_equal_names_at_once_one_wins,
    another_project_may_use_the_name,
    a_deleted_agents_name_is_free_at_once,
    a_put_cannot_take_a_taken_name,
];

/// `{ "error": { "code": "agent_conflict", "message": "Agent name already exists in this project" }}`
async fn a_taken_name_is_refused_in_the_documents_words(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let body = json!({ "name": "Twin", "runtime": "external" });
    let agents = format!("/api/v1/projects/{}/agents", project.uid);
    client.post(&agents, &body).await.expect(201);
    let error = client.post(&agents, &body).await.refused(409, "agent_conflict");
    assert_eq!(error["message"], "Agent name already exists in this project");
    assert_eq!(client.get(&agents).await.expect(200)["pagination"]["total"], 1);
}

async fn of_fifty_equal_names_at_once_one_wins(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agents = format!("/api/v1/projects/{}/agents", project.uid);
    let body = json!({ "name": "contended", "runtime": "external" });
    let answers = join_all((0..50).map(|_| client.post(&agents, &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.refused(409, "agent_conflict");
    }
}

async fn another_project_may_use_the_name(server: &Server) {
    let client = server.client();
    for _ in 0..2 {
        let project = client.project().await;
        client.agent(&project, json!({ "name": "same", "runtime": "external" })).await;
    }
}

async fn a_deleted_agents_name_is_free_at_once(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for _ in 0..3 {
        let agent = client.agent(&project, json!({ "name": "phoenix", "runtime": "external" })).await;
        agent.delete().await.expect(200);
    }
}

async fn a_put_cannot_take_a_taken_name(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let taken = client.external_agent(&project).await;
    let agent = client.external_agent(&project).await;
    let answer = agent.put(&json!({ "name": taken.created["name"] })).await;
    let error = answer.refused(409, "agent_conflict");
    assert_eq!(error["message"], "Agent name already exists in this project");
    let now = agent.get().await;
    assert_eq!((&now["name"], &now["status"]), (&agent.created["name"], &json!("creating")));
}
