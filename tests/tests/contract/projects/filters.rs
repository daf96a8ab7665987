//! OVER "Filtering and Search": the common filters on the list of projects.

use connix_tests::{Client, Server, on_every_store};
use serde_json::json;

on_every_store![
    the_documents_filter_example_is_understood,
    times_bound_when_a_project_was_created_and_updated,
    a_bare_date_is_midnight,
    a_time_that_is_none_is_refused,
    status_tells_active_from_archived,
    metadata_values_are_matched_all_together,
];

async fn names(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/api/v1/projects?sort=created_at&order=asc&{query}")).await.expect(200);
    let total = page["pagination"]["total"].as_u64().unwrap();
    let names: Vec<_> = page["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len() as u64, total, "the total counts what the filter leaves");
    names
}

async fn the_documents_filter_example_is_understood(server: &Server) {
    let client = server.tenant().client;
    client.post("/api/v1/projects", &json!({ "name": "machine-learning-7" })).await.expect(201);
    let query = "search=machine-learning&status=active&created_after=2024-01-01";
    assert_eq!(names(&client, query).await, ["machine-learning-7"]);
}

async fn times_bound_when_a_project_was_created_and_updated(server: &Server) {
    let client = server.tenant().client;
    let mut made = Vec::new();
    for name in ["first", "second", "third"] {
        made.push(client.post("/api/v1/projects", &json!({ "name": name })).await.expect(201));
    }
    let second = made[1]["created_at"].as_str().unwrap();
    let after = names(&client, &format!("created_after={second}")).await;
    assert!(after.contains(&"third".into()) && !after.contains(&"first".into()), "{after:?}");
    let before = names(&client, &format!("created_before={second}")).await;
    assert!(before.contains(&"first".into()) && !before.contains(&"third".into()), "{before:?}");

    client.patch("/api/v1/projects/first", &json!({ "description": "now" })).await.expect(200);
    let third = made[2]["updated_at"].as_str().unwrap();
    let after = names(&client, &format!("updated_after={third}")).await;
    assert!(after.contains(&"first".into()) && !after.contains(&"second".into()), "{after:?}");
    let before = names(&client, &format!("updated_before={third}")).await;
    assert!(before.contains(&"second".into()) && !before.contains(&"first".into()), "{before:?}");
}

async fn a_bare_date_is_midnight(server: &Server) {
    let client = server.tenant().client;
    assert_eq!(names(&client, "created_after=2024-01-01").await.len(), 1);
    assert_eq!(names(&client, "created_before=2024-01-01").await.len(), 0);
    assert_eq!(names(&client, "created_after=2024-01-01T00:00:00Z&updated_after=2024-01-01").await.len(), 1);
    assert_eq!(names(&client, "created_after=2024-01-01T02:00:00%2B02:00").await.len(), 1);
}

/// V15.
async fn a_time_that_is_none_is_refused(server: &Server) {
    for parameter in ["created_after", "created_before", "updated_after", "updated_before"] {
        for value in ["2024-13-45", "300000-01-01", "now", "2024-01-01T25:00:00Z", "1705312200", ""] {
            let answer = server.client().get(&format!("/api/v1/projects?{parameter}={value}")).await;
            let error = answer.refused(400, "VALIDATION_ERROR");
            assert_eq!(error["details"]["field"], parameter, "{value}");
        }
    }
}

async fn status_tells_active_from_archived(server: &Server) {
    let client = server.tenant().client;
    client.post("/api/v1/projects", &json!({ "name": "put-away" })).await.expect(201);
    client.patch("/api/v1/projects/put-away", &json!({ "status": "archived" })).await.expect(200);
    assert_eq!(names(&client, "status=archived").await, ["put-away"]);
    assert!(!names(&client, "status=active").await.contains(&"put-away".to_owned()));
    client.get("/api/v1/projects?status=asleep").await.refused(400, "VALIDATION_ERROR");
}

async fn metadata_values_are_matched_all_together(server: &Server) {
    let client = server.tenant().client;
    for (name, team, stage) in [("one", "red", "dev"), ("two", "red", "prod"), ("three", "blue", "prod")] {
        let body = json!({ "name": name, "metadata": { "team": team, "stage.name": stage } });
        client.post("/api/v1/projects", &body).await.expect(201);
    }
    assert_eq!(names(&client, "metadata.team=red").await, ["one", "two"]);
    assert_eq!(names(&client, "metadata.team=red&metadata.stage.name=prod").await, ["two"]);
    assert_eq!(names(&client, "metadata.team=RED").await, [""; 0]);
    assert_eq!(names(&client, "metadata.colour=red").await, [""; 0]);
}
