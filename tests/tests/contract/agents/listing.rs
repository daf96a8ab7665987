//! AGNT "List Agents".

use connix_tests::{Client, Project, Server, keys, on_every_store};
use serde_json::{Value, json};

on_every_store![
    the_documents_list_answers_with_its_keys,
    the_list_shows_neither_prompt_nor_variables_nor_stats,
    offsets_are_counted_exactly,
    status_filters_exactly,
    every_sort_order_is_kept,
    the_common_filters_are_understood,
    what_is_out_of_range_is_an_error_that_names_the_parameter,
];

async fn list(client: &Client, project: &Project, query: &str) -> Value {
    client.get(&format!("/api/v1/projects/{}/agents{query}", project.uid)).await.expect(200)
}

fn names(page: &Value) -> Vec<&str> {
    page["agents"].as_array().unwrap().iter().map(|agent| agent["name"].as_str().unwrap()).collect()
}

async fn some(client: &Client, agents: &[&str]) -> Project {
    let project = client.project().await;
    for name in agents {
        client.agent(&project, json!({ "name": name, "runtime": "external" })).await;
    }
    project
}

async fn the_documents_list_answers_with_its_keys(server: &Server) {
    let client = server.client();
    let project = some(&client, &["Data Analysis Agent"]).await;
    let page = list(&client, &project, "").await;
    assert_eq!(keys(&page), ["agents", "pagination"].into());
    assert_eq!(page["pagination"], json!({ "total": 1, "limit": 20, "offset": 0, "has_more": false }));
    let agent = &page["agents"][0];
    let expected = [
        "id",
        "name",
        "description",
        "project_id",
        "status",
        "config",
        "metadata",
        "created_at",
        "updated_at",
        "last_activity",
    ];
    assert!(keys(agent).is_superset(&expected.into()), "{agent}");
    assert!(keys(&agent["config"]).is_superset(&["model", "temperature", "max_tokens", "tools"].into()), "{agent}");
    let page = list(&client, &project, "?status=running&limit=10").await;
    assert_eq!(page["pagination"], json!({ "total": 0, "limit": 10, "offset": 0, "has_more": false }));
}

async fn the_list_shows_neither_prompt_nor_variables_nor_stats(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let config = json!({ "system_prompt": "canary-prompt", "environment_variables": { "CANARY": "canary-value" } });
    client.agent(&project, json!({ "runtime": "external", "config": config })).await;
    let page = list(&client, &project, "").await;
    let agent = &page["agents"][0];
    assert!(!keys(agent).contains("stats"), "{agent}");
    assert!(keys(&agent["config"]).is_disjoint(&["system_prompt", "environment_variables"].into()), "{agent}");
    assert!(!page.to_string().to_lowercase().contains("canary"), "{page}");
}

async fn offsets_are_counted_exactly(server: &Server) {
    let client = server.client();
    let project = some(&client, &["a", "b", "c", "d", "e"]).await;
    let table = [
        (2, 0, &["a", "b"][..], true),
        (2, 2, &["c", "d"][..], true),
        (2, 4, &["e"][..], false),
        (5, 0, &["a", "b", "c", "d", "e"][..], false),
        (2, 9, &[][..], false),
    ];
    for (limit, offset, expected, has_more) in table {
        let page = list(&client, &project, &format!("?sort=name&limit={limit}&offset={offset}")).await;
        assert_eq!(names(&page), expected, "limit {limit} offset {offset}");
        let pagination = json!({ "total": 5, "limit": limit, "offset": offset, "has_more": has_more });
        assert_eq!(page["pagination"], pagination);
    }
}

async fn status_filters_exactly(server: &Server) {
    let client = server.client();
    let project = some(&client, &["stays"]).await;
    let stopped = client.agent(&project, json!({ "name": "stops", "runtime": "external" })).await;
    stopped.act("stop").await.expect(200);
    assert_eq!(names(&list(&client, &project, "?status=stopped").await), ["stops"]);
    assert_eq!(names(&list(&client, &project, "?status=creating").await), ["stays"]);
    assert_eq!(names(&list(&client, &project, "?status=error").await), [""; 0]);
}

async fn every_sort_order_is_kept(server: &Server) {
    let client = server.client();
    let project = some(&client, &["bravo", "Alpha", "charlie"]).await;
    let table = [
        ("", ["charlie", "Alpha", "bravo"]),
        ("?sort=-created_at", ["charlie", "Alpha", "bravo"]),
        ("?sort=created_at", ["bravo", "Alpha", "charlie"]),
        ("?sort=name", ["Alpha", "bravo", "charlie"]),
        ("?sort=-name", ["charlie", "bravo", "Alpha"]),
    ];
    for (query, expected) in table {
        assert_eq!(names(&list(&client, &project, query).await), expected, "{query}");
    }
}

async fn the_common_filters_are_understood(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for (name, description, team) in [("First One", "needle", "red"), ("Second", "", "red"), ("NEEDLEWORK", "", "blue")]
    {
        let body =
            json!({ "name": name, "description": description, "runtime": "external", "metadata": { "team": team } });
        client.agent(&project, body).await;
    }
    let table = [
        ("search=needle", &["First One", "NEEDLEWORK"][..]),
        ("search=%25", &[][..]),
        ("metadata.team=red", &["First One", "Second"][..]),
        ("metadata.team=red&search=sec", &["Second"][..]),
        ("created_after=2024-01-01", &["First One", "Second", "NEEDLEWORK"][..]),
        ("created_before=2024-01-01", &[][..]),
        ("updated_before=2024-01-01", &[][..]),
        ("updated_after=2024-01-01T00:00:00Z&status=creating", &["First One", "Second", "NEEDLEWORK"][..]),
    ];
    for (query, expected) in table {
        assert_eq!(names(&list(&client, &project, &format!("?sort=created_at&{query}")).await), expected, "{query}");
    }
}

/// V12, V13.
async fn what_is_out_of_range_is_an_error_that_names_the_parameter(server: &Server) {
    let table = [
        ("limit", &["0", "-1", "101", "abc", "1e3", ""][..]),
        ("offset", &["-1", "abc", "", "99999999999999999999"][..]),
        ("sort", &["password", "updated_at", "name;drop", "--name", ""][..]),
        ("status", &["asleep", "Running"][..]),
        ("created_after", &["yesterday"][..]),
        ("page", &["1"][..]),
        ("colour", &["blue"][..]),
    ];
    for (parameter, values) in table {
        for value in values {
            let answer = server.client().get(&format!("/api/v1/projects/default/agents?{parameter}={value}")).await;
            let fields = answer.refused_fields(400, "validation_error");
            assert_eq!(fields[0].0, parameter, "{value:?}");
        }
    }
}
