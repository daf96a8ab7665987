//! AGNT "Agent Actions": what the table of transitions does not say.

use connix_tests::{Server, on_every_store};
use futures_util::future::join_all;
use serde_json::json;

on_every_store![
    a_local_agent_walks_through_its_life,
    a_restart_launches_a_new_incarnation,
    start_on_running_launches_nothing_new,
    an_update_while_stopped_ends_by_itself,
    commands_at_once_end_in_one_of_their_states,
    unknown_agents_and_actions_are_not_found,
];

async fn a_local_agent_walks_through_its_life(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let walk = [
        ("pause", "paused", "Agent paused successfully"),
        ("start", "running", "Agent started successfully"),
        ("stop", "stopped", "Agent stopped successfully"),
        ("start", "running", "Agent started successfully"),
        ("restart", "running", "Agent restarted successfully"),
    ];
    for (action, status, message) in walk {
        let expected = json!({ "message": message, "agent_id": agent.id, "status": status });
        assert_eq!(agent.act(action).await.expect(200), expected);
        assert_eq!(agent.status().await, status);
    }
    agent.reaches_phase("ready").await;
}

async fn a_restart_launches_a_new_incarnation(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    agent.act("restart").await.expect(200);
    let next = connix_tests::eventually("the second incarnation is ready", async || {
        let now = agent.get().await;
        (now["runtime"]["incarnation"] == 2 && now["runtime"]["phase"] == "ready").then_some(now)
    });
    assert_eq!(next.await["status"], "running");
}

/// A02.
async fn start_on_running_launches_nothing_new(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let before = agent.reaches_phase("ready").await;
    for _ in 0..3 {
        agent.act("start").await.expect(200);
    }
    agent.task("is the same worker there?").await.reaches("completed").await;
    let after = agent.get().await;
    assert_eq!(after["runtime"]["incarnation"], before["runtime"]["incarnation"]);
    assert_eq!(after["updated_at"], before["updated_at"]);
}

async fn an_update_while_stopped_ends_by_itself(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    agent.act("stop").await.expect(200);
    agent.reaches_phase("none").await;
    assert_eq!(agent.put(&json!({ "config": { "max_tokens": 3 } })).await.expect(200)["status"], "updating");
    let stopped = agent.reaches("stopped").await;
    assert_eq!(stopped["config"]["max_tokens"], 3);
}

/// A03, F43.
async fn commands_at_once_end_in_one_of_their_states(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let actions = ["start", "stop", "restart", "pause"].repeat(5);
    for answer in join_all(actions.iter().map(|action| agent.act(action))).await {
        assert!(matches!(answer.status, 200 | 409), "{}: {}", answer.title, answer.text());
    }
    let status = agent.status().await;
    assert!(["running", "paused", "stopped"].contains(&status.as_str()), "{status}");
    agent.act("restart").await.expect(200);
    agent.task("still of use?").await.reaches("completed").await;
}

async fn unknown_agents_and_actions_are_not_found(server: &Server) {
    let client = server.client();
    for id in ["agent_00000000000000aa", "agent_XYZ", "abc", &"x".repeat(300)] {
        let path = format!("/api/v1/projects/default/agents/{id}");
        client.get(&path).await.refused(404, "agent_not_found");
        let error = client.act(&format!("{path}/start")).await.refused(404, "agent_not_found");
        assert_eq!(error["message"], format!("Agent with ID '{id}' not found"));
        client.act(&format!("{path}/dance")).await.refused(404, "not_found");
    }
    client.get("/api/v1/projects/none-such/agents/agent_00000000000000aa").await.refused(404, "project_not_found");
}
