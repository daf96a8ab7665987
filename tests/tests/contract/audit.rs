//! The audit log: who did what, what was refused, and who may read it (contract section 10; `reliability.md` S04, T17).

use connix_tests::{Answer, Client, Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    every_change_leaves_an_entry_with_its_actor_credential_request_and_fields,
    what_is_refused_is_in_the_log_and_what_is_read_is_not,
    secrets_that_are_shown_are_accounted_for,
    entries_are_numbered_without_gaps_and_found_by_every_filter,
    a_log_is_read_on_from_its_cursor_in_either_order,
    an_organisation_sees_its_own_log_alone,
    bad_filters_are_named,
];

/// The entries about a resource, the oldest first.
async fn about(client: &Client, id: &str) -> Vec<Value> {
    let page = client.get(&format!("/api/v1/audit-log?limit=100&resource_id={id}")).await.expect(200);
    page["data"].as_array().cloned().unwrap()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

async fn every_change_leaves_an_entry_with_its_actor_credential_request_and_fields(server: &Server) {
    let client = server.tenant().client;
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let change = json!({ "description": "Audited", "metadata": { "k": "v" } });
    client.patch(&path, &change).await.expect(200);
    client.patch(&path, &change).await.expect(200); // changes nothing
    let agent = client.external_agent(&project).await;
    let task = client.post(&agent.path("/tasks"), &json!({ "input": "audit me" })).await.expect(201);
    let task = task["id"].as_str().unwrap().to_owned();
    client.act(&agent.path(&format!("/tasks/{task}/cancel"))).await.expect(200);
    agent.act("stop").await.expect(200);
    client.delete(&agent.path("")).await.expect(200);
    client.delete(&format!("{path}?cascade=true")).await.expect(200);

    let of_project = about(&client, &project.uid).await;
    assert_eq!(actions(&of_project), ["createProject", "patchProject", "deleteProject"]);
    assert_eq!(of_project[1]["changed_fields"], json!(["description", "metadata"]));
    assert_eq!(actions(&about(&client, &agent.id).await), ["createAgent", "stopAgent", "deleteAgent"]);
    assert_eq!(actions(&about(&client, &task).await), ["createTask", "cancelTask"]);

    let entry = &of_project[0];
    assert_eq!(entry["outcome"], "done");
    assert_eq!(entry["resource"], json!({ "type": "project", "id": project.uid }));
    assert_eq!(entry["actor"]["type"], "member");
    assert!(entry["actor"]["id"].as_str().unwrap().starts_with("user_"), "{entry}");
    let me = client.get("/api/v1/me").await.expect(200);
    assert_eq!(entry["credential"], me["api_key_id"]);
    assert_eq!(entry["ip_address"], "127.0.0.1");
    assert!(entry["request_id"].as_str().unwrap().starts_with("req_"), "{entry}");
}

async fn what_is_refused_is_in_the_log_and_what_is_read_is_not(server: &Server) {
    let owner = server.client();
    let project = owner.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let reader = server.client_with(&server.key("default", &["--scopes", "read"]));
    reader.get(&path).await.expect(200);
    reader.delete(&path).await.refused(403, "FORBIDDEN");
    reader.get("/api/v1/audit-log").await.refused(403, "FORBIDDEN");

    let refused = about(&owner, &path).await;
    assert_eq!(actions(&refused), ["deleteProject"]);
    assert_eq!((&refused[0]["outcome"], &refused[0]["resource"]["type"]), (&json!("refused"), &json!("path")));
    assert_eq!(actions(&about(&owner, &project.uid).await), ["createProject"]);
}

async fn secrets_that_are_shown_are_accounted_for(server: &Server) {
    let client = server.tenant().client;
    let agent = client.external_agent(&client.project().await).await;
    client.get(&agent.path("")).await.expect(200);
    client.get(&agent.path("?reveal=environment_variables")).await.expect(200);
    let entries = about(&client, &agent.id).await;
    assert_eq!(actions(&entries), ["createAgent", "getAgent"]);
    assert_eq!(entries[1]["changed_fields"], json!(["environment_variables"]));
}

async fn entries_are_numbered_without_gaps_and_found_by_every_filter(server: &Server) {
    let client = server.tenant().client;
    let made = [client.project().await, client.project().await, client.project().await];
    client.delete(&format!("/api/v1/projects/{}", made[1].uid)).await.expect(200);
    let all = client.get("/api/v1/audit-log").await.expect(200);
    let numbers: Vec<_> = all["data"].as_array().unwrap().iter().map(|entry| entry["sequence"].as_i64()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6].map(Some));
    assert_eq!(all["pagination"], json!({ "next": 6, "has_more": false }));

    let newest = &all["data"][5];
    let actor = newest["actor"]["id"].as_str().unwrap();
    let (at, id) = (newest["timestamp"].as_str().unwrap(), &made[1].uid);
    for (filter, found) in [
        (format!("actor={actor}"), 4),
        ("actor=system&action=keys%20create&resource_type=api_key".to_owned(), 1),
        ("action=deleteProject".to_owned(), 1),
        ("resource_type=project".to_owned(), 4),
        ("resource_type=agent".to_owned(), 0),
        (format!("resource_id={id}"), 2),
        (format!("resource_id={id}&action=createProject"), 1),
        ("outcome=refused".to_owned(), 0),
        (format!("start_time={at}"), 1),
        (format!("end_time={at}"), 5),
    ] {
        let page = client.get(&format!("/api/v1/audit-log?{filter}")).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), found, "{filter}");
    }
}

async fn a_log_is_read_on_from_its_cursor_in_either_order(server: &Server) {
    let client = server.tenant().client;
    for _ in 0..4 {
        client.project().await;
    }
    for (order, numbers) in
        [("asc", [vec![1, 2], vec![3, 4], vec![5, 6]]), ("desc", [vec![6, 5], vec![4, 3], vec![2, 1]])]
    {
        let mut after = String::new();
        for (part, expected) in numbers.iter().enumerate() {
            let page = client.get(&format!("/api/v1/audit-log?limit=2&order={order}{after}")).await.expect(200);
            let found = page["data"].as_array().unwrap().iter().map(|entry| entry["sequence"].as_i64().unwrap());
            assert_eq!(found.collect::<Vec<_>>(), *expected, "{page}");
            let next = expected.last().unwrap();
            assert_eq!(page["pagination"], json!({ "next": next, "has_more": part < 2 }));
            after = format!("&after={next}");
        }
        let end = client.get(&format!("/api/v1/audit-log?order={order}{after}")).await.expect(200);
        assert_eq!(end["data"], json!([]));
        assert_eq!(end["pagination"]["has_more"], false);
    }
}

/// T17.
async fn an_organisation_sees_its_own_log_alone(server: &Server) {
    let (mine, theirs) = (server.tenant().client, server.tenant().client);
    let project = mine.project().await;
    assert_eq!(about(&mine, &project.uid).await.len(), 1);
    assert_eq!(about(&theirs, &project.uid).await, Vec::<Value>::new());
    let actor = about(&mine, &project.uid).await[0]["actor"]["id"].as_str().unwrap().to_owned();
    let page = theirs.get(&format!("/api/v1/audit-log?actor={actor}")).await.expect(200);
    assert_eq!(page["data"], json!([]));
    // a project of another organisation is not there: nothing was refused to anybody
    theirs.delete(&format!("/api/v1/projects/{}", project.uid)).await.refused(404, "RESOURCE_NOT_FOUND");
    let page = theirs.get("/api/v1/audit-log?outcome=refused").await.expect(200);
    assert_eq!(page["data"], json!([]));
}

async fn bad_filters_are_named(server: &Server) {
    let client = server.client();
    for (query, field) in [
        ("actor=somebody", "actor"),
        ("outcome=perhaps", "outcome"),
        ("start_time=yesterday", "start_time"),
        ("start_time=2024-02-01&end_time=2024-01-01", "end_time"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("after=-1", "after"),
        ("order=up", "order"),
        ("page=1", "page"),
        ("colour=red", "colour"),
        ("action=a&action=b", "action"),
    ] {
        let answer: Answer = client.get(&format!("/api/v1/audit-log?{query}")).await;
        let error = answer.refused(400, "INVALID_REQUEST");
        assert!(error["details"].to_string().contains(field), "{query}: {error}");
    }
    let name = unique("nothing");
    client.post("/api/v1/audit-log", &json!({ "name": name })).await.refused(405, "METHOD_NOT_ALLOWED");
}
