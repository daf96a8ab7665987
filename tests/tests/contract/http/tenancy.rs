//! Organisations do not see each other (contract section 2; `reliability.md` table T).

use std::collections::BTreeSet;

use connix_tests::{Agent, Answer, Client, Project, Server, on_every_store, unique};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    a_foreign_project_answers_like_an_absent_one,
    a_foreign_agent_answers_like_an_absent_one,
    an_agent_is_found_in_its_own_project_only,
    lists_neither_show_nor_count_foreign_things,
    bodies_cannot_name_foreign_things,
    an_organisation_cannot_be_claimed_by_header,
    a_bad_body_on_a_foreign_thing_is_judged_alike,
];

const ABSENT_PROJECT: &str = "proj_00000000000000aa";
const ABSENT_AGENT: &str = "agent_00000000000000aa";

struct Foreign {
    us: Client,
    them: Client,
    project: Project,
    agent: Agent,
}

async fn foreign(server: &Server) -> Foreign {
    let (us, them) = (server.tenant().client, server.tenant().client);
    let project = them.project().await;
    let agent = them.external_agent(&project).await;
    Foreign { us, them, project, agent }
}

async fn ask(client: &Client, method: &Method, path: &str, body: Option<&Value>) -> Answer {
    let call = client.call(method.clone(), path).header("X-Request-ID", "same");
    match body {
        Some(body) => call.json(body).send().await,
        None => call.send().await,
    }
}

/// The same status and bytes for the foreign and for the absent thing, whose id is put in the foreign one's place.
#[track_caller]
fn assert_alike(foreign: &Answer, absent: &Answer, ids: [&str; 2]) {
    assert_eq!((foreign.status, absent.status), (404, 404), "{}: {}", foreign.title, foreign.text());
    assert_eq!(foreign.text().replace(ids[0], ids[1]), absent.text(), "{}", foreign.title);
    let names = |answer: &Answer| answer.headers.keys().map(|name| name.as_str().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names(foreign), names(absent), "{}", foreign.title);
}

/// T02, T18.
async fn a_foreign_project_answers_like_an_absent_one(server: &Server) {
    let Foreign { us, them, project, agent } = foreign(server).await;
    let change = json!({ "name": "Taken Over" });
    let new_agent = json!({ "name": "intruder", "runtime": "external" });
    let agent_path = format!("/agents/{}", agent.id);
    let calls = [
        (Method::GET, "", None, "RESOURCE_NOT_FOUND"),
        (Method::PUT, "", Some(&change), "RESOURCE_NOT_FOUND"),
        (Method::PATCH, "", Some(&change), "RESOURCE_NOT_FOUND"),
        (Method::DELETE, "", None, "RESOURCE_NOT_FOUND"),
        (Method::DELETE, "?cascade=true", None, "RESOURCE_NOT_FOUND"),
        (Method::GET, "/agents", None, "project_not_found"),
        (Method::POST, "/agents", Some(&new_agent), "project_not_found"),
        (Method::GET, &agent_path, None, "project_not_found"),
    ];
    for (method, suffix, body, code) in calls {
        let at = async |id: &str| ask(&us, &method, &format!("/api/v1/projects/{id}{suffix}"), body).await;
        let (foreign, absent) = (at(&project.uid).await, at(ABSENT_PROJECT).await);
        foreign.refused(404, code);
        assert_alike(&foreign, &absent, [&project.uid, ABSENT_PROJECT]);
        at(&project.name).await.refused(404, code);
        at(&project.id.to_string()).await.refused(404, code);
    }
    us.get(&format!("/v1/projects/{}", project.uid)).await.refused(404, "projects.not_found");
    let untouched = them.get(&format!("/api/v1/projects/{}", project.uid)).await.expect(200);
    assert_eq!(untouched["name"], json!(project.name));
    assert_eq!(agent.status().await, "creating");
}

/// T03, T04, T18.
async fn a_foreign_agent_answers_like_an_absent_one(server: &Server) {
    let Foreign { us, agent, .. } = foreign(server).await;
    let mine = us.project().await;
    let change = json!({ "description": "taken over" });
    let task = json!({ "input": "work for me" });
    let calls = [
        (Method::GET, "", None),
        (Method::PUT, "", Some(&change)),
        (Method::PATCH, "", Some(&change)),
        (Method::DELETE, "", None),
        (Method::POST, "/start", None),
        (Method::POST, "/pause", None),
        (Method::POST, "/stop", None),
        (Method::POST, "/restart", None),
        (Method::POST, "/worker-token", None),
        (Method::GET, "/logs", None),
        (Method::GET, "/logs/stream", None),
        (Method::GET, "/tasks", None),
        (Method::POST, "/tasks", Some(&task)),
    ];
    for (method, suffix, body) in calls {
        let at = async |id: &str| {
            ask(&us, &method, &format!("/api/v1/projects/{}/agents/{id}{suffix}", mine.uid), body).await
        };
        let (foreign, absent) = (at(&agent.id).await, at(ABSENT_AGENT).await);
        let error = foreign.refused(404, "agent_not_found");
        assert_eq!(error["message"], format!("Agent with ID '{}' not found", agent.id));
        assert_alike(&foreign, &absent, [&agent.id, ABSENT_AGENT]);
    }
    assert_eq!(agent.get().await["description"], agent.created["description"]);
}

/// T03, T04: in a sibling project, too.
async fn an_agent_is_found_in_its_own_project_only(server: &Server) {
    let client = server.client();
    let (home, sibling) = (client.project().await, client.project().await);
    let agent = client.external_agent(&home).await;
    let elsewhere = format!("/api/v1/projects/{}/agents/{}", sibling.uid, agent.id);
    client.get(&elsewhere).await.refused(404, "agent_not_found");
    client.delete(&elsewhere).await.refused(404, "agent_not_found");
    client.act(&format!("{elsewhere}/stop")).await.refused(404, "agent_not_found");
    assert_eq!(agent.status().await, "creating");
}

/// T07.
async fn lists_neither_show_nor_count_foreign_things(server: &Server) {
    let Foreign { us, them, project, .. } = foreign(server).await;
    let listed = us.get(&format!("/api/v1/projects?search={}", project.name)).await.expect(200);
    assert_eq!(listed["pagination"]["total"], 0, "{listed}");
    assert_eq!(us.get("/api/v1/projects").await.expect(200)["pagination"]["total"], 1);
    assert_eq!(us.get("/v1/projects").await.expect(200)["pagination"]["total"], 1);
    assert_eq!(them.get("/api/v1/projects").await.expect(200)["pagination"]["total"], 2);
}

/// T09, T10.
async fn bodies_cannot_name_foreign_things(server: &Server) {
    let Foreign { us, project, .. } = foreign(server).await;
    let with = |key: &str, value: Value| json!({ "name": unique("foreign"), "runtime": "external", key: value });
    let ids = [("project_id", json!(project.uid)), ("project_id", json!(project.id)), ("project", json!(project.name))];
    for (key, value) in ids {
        us.post("/api/v1/agents", &with(key, value)).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    us.post("/api/v1/agents", &with("project_id", json!(ABSENT_PROJECT))).await.refused(404, "RESOURCE_NOT_FOUND");
    let body = json!({ "name": unique("foreign"), "org_id": "org_00000000000000aa" });
    us.post("/api/v1/projects", &body).await.refused(400, "VALIDATION_ERROR");
}

/// T10.
async fn an_organisation_cannot_be_claimed_by_header(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    let call = us.client.call(Method::POST, "/api/v1/projects").header("X-Org-Id", &them.organisation);
    let made = call.json(&json!({ "name": unique("claimed") })).send().await.expect(201);
    assert_eq!(made["org_id"], us.organisation);
}

/// T13.
async fn a_bad_body_on_a_foreign_thing_is_judged_alike(server: &Server) {
    let Foreign { us, project, agent, .. } = foreign(server).await;
    let mine = us.project().await;
    let bad = json!({ "colour": "blue" });
    for method in [Method::PUT, Method::PATCH] {
        let at = async |id: &str| ask(&us, &method, &format!("/api/v1/projects/{id}"), Some(&bad)).await;
        let (foreign, absent) = (at(&project.uid).await, at(ABSENT_PROJECT).await);
        foreign.refused(400, "VALIDATION_ERROR");
        assert_eq!(foreign.text(), absent.text());
    }
    for (method, suffix) in [(Method::PUT, ""), (Method::PATCH, ""), (Method::POST, "/tasks")] {
        let agents = format!("/api/v1/projects/{}/agents", mine.uid);
        let at = async |id: &str| ask(&us, &method, &format!("{agents}/{id}{suffix}"), Some(&bad)).await;
        let (foreign, absent) = (at(&agent.id).await, at(ABSENT_AGENT).await);
        foreign.refused(400, "validation_error");
        assert_eq!(foreign.text(), absent.text());
    }
}
