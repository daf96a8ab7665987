//! Entity tags: `If-Match` on writes, `If-None-Match` on reads (contract section 2).

use connix_tests::{Server, on_every_store};
use reqwest::Method;
use serde_json::json;

on_every_store![
    a_stale_version_changes_nothing,
    the_current_version_is_let_through,
    an_unchanged_project_is_not_sent_again,
    a_stale_version_of_an_agent_changes_nothing,
    agents_are_always_sent_whole,
    of_two_writers_with_one_version_one_wins,
    a_foreign_tag_says_nothing,
];

async fn a_stale_version_changes_nothing(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let stale = client.get(&path).await.etag();
    let current = client.patch(&path, &json!({ "description": "newer" })).await;
    assert_ne!(current.etag(), stale);
    for method in [Method::PUT, Method::PATCH] {
        let call = client.call(method, &path).header("If-Match", &stale);
        call.json(&json!({ "name": "stale" })).send().await.refused(412, "PRECONDITION_FAILED");
    }
    let call = client.call(Method::DELETE, &path).header("If-Match", &stale);
    call.send().await.refused(412, "PRECONDITION_FAILED");
    assert_eq!(client.get(&path).await.expect(200), current.json());
}

async fn the_current_version_is_let_through(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let tag = client.get(&path).await.etag();
    let call = client.call(Method::PATCH, &path).header("If-Match", &format!("\"other\", {tag}"));
    let changed = call.json(&json!({ "description": "newer" })).send().await;
    changed.expect(200);
    let call = client.call(Method::PATCH, &path).header("If-Match", "*");
    let changed = call.json(&json!({ "description": "newest" })).send().await;
    changed.expect(200);
    let call = client.call(Method::DELETE, &path).header("If-Match", &changed.etag());
    call.send().await.expect(200);
}

async fn an_unchanged_project_is_not_sent_again(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for path in [format!("/api/v1/projects/{}", project.uid), format!("/v1/projects/{}", project.uid)] {
        let tag = client.get(&path).await.etag();
        for value in [&tag, &format!("\"other\", {tag}"), "*"] {
            let answer = client.call(Method::GET, &path).header("If-None-Match", value).send().await;
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{value}");
            assert_eq!(answer.etag(), tag);
        }
        client.call(Method::GET, &path).header("If-None-Match", "\"other\"").send().await.expect(200);
        client.patch(&format!("/api/v1/projects/{}", project.uid), &json!({ "description": path })).await.expect(200);
        client.call(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(200);
    }
}

async fn a_stale_version_of_an_agent_changes_nothing(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let stale = client.get(&agent.path("")).await.etag();
    agent.act("stop").await.expect(200);
    let call = |method, suffix| client.call(method, &agent.path(suffix)).header("If-Match", &stale);
    let put = call(Method::PUT, "").json(&json!({ "description": "stale" }));
    put.send().await.refused(412, "precondition_failed");
    call(Method::POST, "/start").send().await.refused(412, "precondition_failed");
    call(Method::DELETE, "").send().await.refused(412, "precondition_failed");
    let now = agent.get().await;
    assert_eq!((&now["status"], &now["description"]), (&json!("stopped"), &agent.created["description"]));
    let current = client.get(&agent.path("")).await.etag();
    client.call(Method::POST, &agent.path("/start")).header("If-Match", &current).send().await.expect(200);
}

/// Their figures move without a new version.
async fn agents_are_always_sent_whole(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let tag = client.get(&agent.path("")).await.etag();
    client.call(Method::GET, &agent.path("")).header("If-None-Match", &tag).send().await.expect(200);
}

async fn of_two_writers_with_one_version_one_wins(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let tag = client.get(&path).await.etag();
    let write = async |text: &str| {
        let call = client.call(Method::PATCH, &path).header("If-Match", &tag);
        call.json(&json!({ "description": text })).send().await.status
    };
    let (one, two) = tokio::join!(write("one"), write("two"));
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(both, [200, 412]);
}

/// T14.
async fn a_foreign_tag_says_nothing(server: &Server) {
    let (mine, theirs) = (server.tenant().client, server.tenant().client);
    let project = theirs.project().await;
    let path = format!("/api/v1/projects/{}", project.uid);
    let tag = theirs.get(&path).await.etag();
    let call = mine.call(Method::GET, &path).header("If-None-Match", &tag);
    call.send().await.refused(404, "RESOURCE_NOT_FOUND");
}
