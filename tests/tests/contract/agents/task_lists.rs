//! The list of an agent's tasks, which pages by offset.

use connix_tests::{Server, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![tasks_page_by_offset_newest_first, status_filters_exactly, what_is_out_of_range_is_named];

fn inputs(page: &Value) -> Vec<&str> {
    page["tasks"].as_array().unwrap().iter().map(|task| task["input"].as_str().unwrap()).collect()
}

async fn tasks_page_by_offset_newest_first(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    for input in ["one", "two", "three"] {
        agent.task(input).await;
    }
    let page = client.get(&agent.path("/tasks")).await.expect(200);
    assert_eq!(keys(&page), ["tasks", "pagination"].into());
    assert_eq!(inputs(&page), ["three", "two", "one"]);
    assert_eq!(page["pagination"], json!({ "total": 3, "limit": 20, "offset": 0, "has_more": false }));
    let page = client.get(&agent.path("/tasks?limit=2&offset=1")).await.expect(200);
    assert_eq!(inputs(&page), ["two", "one"]);
    assert_eq!(page["pagination"], json!({ "total": 3, "limit": 2, "offset": 1, "has_more": false }));
    let page = client.get(&agent.path("/tasks?limit=1")).await.expect(200);
    assert_eq!(page["pagination"], json!({ "total": 3, "limit": 1, "offset": 0, "has_more": true }));
}

async fn status_filters_exactly(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    agent.task("stays").await;
    agent.task("goes").await.cancel().await.expect(200);
    for (status, expected) in [("queued", &["stays"][..]), ("cancelled", &["goes"][..]), ("completed", &[][..])] {
        let page = client.get(&agent.path(&format!("/tasks?status={status}"))).await.expect(200);
        assert_eq!(inputs(&page), expected, "{status}");
        assert_eq!(page["pagination"]["total"], expected.len());
    }
}

async fn what_is_out_of_range_is_named(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let table =
        [("limit", "0"), ("limit", "101"), ("offset", "-1"), ("status", "asleep"), ("colour", "blue"), ("page", "1")];
    for (parameter, value) in table {
        let answer = client.get(&agent.path(&format!("/tasks?{parameter}={value}"))).await;
        assert_eq!(answer.refused_fields(400, "validation_error")[0].0, parameter, "{value}");
    }
}
