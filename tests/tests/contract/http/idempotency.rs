//! `Idempotency-Key` (contract section 2; `reliability.md` table I).

use std::collections::BTreeSet;

use connix_tests::{Answer, Client, Server, on_every_store, unique};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    the_same_request_gets_the_same_answer,
    sixteen_equal_requests_at_once_make_one_project,
    sixty_four_different_requests_at_once_lose_none,
    another_body_under_the_same_key_is_refused,
    a_key_that_is_none_is_refused,
    quotes_do_not_belong_to_the_key,
    a_refused_request_does_not_use_up_its_key,
    another_route_has_keys_of_its_own,
    organisations_have_keys_of_their_own,
    principals_have_keys_of_their_own,
    a_key_on_a_read_is_ignored,
    actions_and_tasks_are_replayed_too,
    a_call_that_waited_is_replayed_as_it_was_answered,
    a_call_whose_caller_hung_up_is_waited_for_by_the_next,
];

const PROJECTS: &str = "/api/v1/projects";

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    client.call(Method::POST, path).header("Idempotency-Key", key).json(body).send().await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// I01.
async fn the_same_request_gets_the_same_answer(server: &Server) {
    let client = server.client();
    let (key, body) = (unique("key"), json!({ "name": unique("replayed") }));
    let first = post(&client, PROJECTS, &key, &body).await;
    let again = post(&client, PROJECTS, &key, &body).await;
    first.expect(201);
    assert!(!is_replayed(&first) && is_replayed(&again), "{again:?}");
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
}

/// I03.
async fn sixteen_equal_requests_at_once_make_one_project(server: &Server) {
    let client = server.tenant().client;
    let (key, body) = (unique("key"), json!({ "name": "made-once" }));
    let answers = join_all((0..16).map(|_| post(&client, PROJECTS, &key, &body))).await;
    let mut made = BTreeSet::new();
    for answer in &answers {
        if answer.status == 409 {
            answer.refused(409, "IDEMPOTENCY_IN_PROGRESS");
            assert!(answer.header("retry-after").is_some());
        } else {
            made.insert(answer.expect(201)["id"].as_u64().unwrap());
        }
    }
    assert_eq!(made.len(), 1, "one project");
    assert!(answers.iter().filter(|answer| answer.status == 201 && !is_replayed(answer)).count() <= 1);
    let listed = client.get("/api/v1/projects?search=made-once").await.expect(200);
    assert_eq!(listed["pagination"]["total"], 1);
    assert!(is_replayed(&post(&client, PROJECTS, &key, &body).await));
}

async fn sixty_four_different_requests_at_once_lose_none(server: &Server) {
    let client = server.tenant().client;
    let answers = join_all((0..64).map(async |index| {
        post(&client, PROJECTS, &format!("different-{index}"), &json!({ "name": format!("many-{index}") })).await
    }))
    .await;
    let made: BTreeSet<_> = answers.iter().map(|answer| answer.expect(201)["id"].as_u64().unwrap()).collect();
    assert_eq!(made.len(), 64);
    let listed = client.get("/api/v1/projects?search=many-&limit=100").await.expect(200);
    let found: BTreeSet<_> = listed["projects"].as_array().unwrap().iter().map(|p| p["id"].as_u64().unwrap()).collect();
    assert_eq!(found, made);
}

/// I02.
async fn another_body_under_the_same_key_is_refused(server: &Server) {
    let client = server.client();
    let (key, name) = (unique("key"), unique("reused"));
    post(&client, PROJECTS, &key, &json!({ "name": name })).await.expect(201);
    let other = json!({ "name": name, "description": "changed" });
    post(&client, PROJECTS, &key, &other).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    let agents = "/api/v1/projects/default/agents";
    let agent = json!({ "name": unique("reused"), "runtime": "external" });
    post(&client, agents, &key, &agent).await.expect(201);
    let other = json!({ "name": unique("reused"), "runtime": "external" });
    post(&client, agents, &key, &other).await.refused(422, "idempotency_key_reused");
}

/// I04.
async fn a_key_that_is_none_is_refused(server: &Server) {
    let client = server.client();
    for key in ["", "two words", "tab\there", "\u{e9}", &"k".repeat(256)] {
        let body = json!({ "name": unique("unmade") });
        post(&client, PROJECTS, key, &body).await.refused(400, "INVALID_REQUEST");
    }
    let call = client.call(Method::POST, PROJECTS).header("Idempotency-Key", "one").header("Idempotency-Key", "two");
    call.json(&json!({ "name": unique("unmade") })).send().await.refused(400, "INVALID_REQUEST");
    post(&client, PROJECTS, &"k".repeat(255), &json!({ "name": unique("longest") })).await.expect(201);
}

/// I05.
async fn quotes_do_not_belong_to_the_key(server: &Server) {
    let client = server.client();
    let (key, body) = (unique("key"), json!({ "name": unique("quoted") }));
    post(&client, PROJECTS, &format!("\"{key}\""), &body).await.expect(201);
    assert!(is_replayed(&post(&client, PROJECTS, &key, &body).await));
}

/// I06.
async fn a_refused_request_does_not_use_up_its_key(server: &Server) {
    let client = server.client();
    let key = unique("key");
    post(&client, PROJECTS, &key, &json!({ "name": "x" })).await.refused(400, "INVALID_PROJECT_NAME");
    let corrected = post(&client, PROJECTS, &key, &json!({ "name": unique("corrected") })).await;
    corrected.expect(201);
    assert!(!is_replayed(&corrected));
}

/// I11.
async fn another_route_has_keys_of_its_own(server: &Server) {
    let client = server.client();
    let (key, body) = (unique("key"), json!({ "name": unique("routed"), "canonical_name": unique("here") }));
    post(&client, PROJECTS, &key, &body).await.expect(201);
    let body = json!({ "name": unique("routed"), "canonical_name": unique("there") });
    let other = post(&client, "/v1/projects", &key, &body).await;
    other.expect(201);
    assert!(!is_replayed(&other));
}

/// T11.
async fn organisations_have_keys_of_their_own(server: &Server) {
    let body = json!({ "name": "same-name-same-key" });
    for tenant in [server.tenant(), server.tenant()] {
        let answer = post(&tenant.client, PROJECTS, "the-same-key", &body).await;
        assert_eq!(answer.expect(201)["org_id"], tenant.organisation);
        assert!(!is_replayed(&answer));
    }
}

async fn principals_have_keys_of_their_own(server: &Server) {
    let (one, two) = (server.client(), server.client_with(&server.key("default", &[])));
    let key = unique("key");
    post(&one, PROJECTS, &key, &json!({ "name": unique("mine") })).await.expect(201);
    let other = post(&two, PROJECTS, &key, &json!({ "name": unique("theirs") })).await;
    other.expect(201);
    assert!(!is_replayed(&other));
}

/// I13.
async fn a_key_on_a_read_is_ignored(server: &Server) {
    let client = server.client();
    for path in [PROJECTS, "/api/v1/hello"] {
        let answer = client.call(Method::GET, path).header("Idempotency-Key", "on-a-read").send().await;
        answer.expect(200);
        assert!(!is_replayed(&answer));
    }
}

async fn actions_and_tasks_are_replayed_too(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let (key, body) = (unique("key"), json!({ "input": "once" }));
    let first = post(&client, &agent.path("/tasks"), &key, &body).await;
    let again = post(&client, &agent.path("/tasks"), &key, &body).await;
    assert_eq!(first.expect(201)["id"], again.expect(201)["id"]);
    assert!(is_replayed(&again));
    let key = unique("key");
    let stop = async || client.call(Method::POST, &agent.path("/stop")).header("Idempotency-Key", &key).send().await;
    let (first, again) = (stop().await, stop().await);
    assert_eq!(first.expect(200), again.expect(200));
    assert!(is_replayed(&again));
}

async fn a_call_that_waited_is_replayed_as_it_was_answered(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let (path, body) = (agent.path("/tasks?wait=30"), json!({ "input": "a long question" }));
    let calls = join_all((0..4).map(|_| post(&client, &path, "the-same-wait", &body)));
    let work = async {
        let task = worker.claimed().await;
        worker.complete(task["id"].as_str().unwrap(), 1, "a short answer").await.expect(200);
    };
    let (answers, ()) = tokio::join!(calls, work);
    let again = post(&client, &path, "the-same-wait", &body).await;
    assert_eq!(again.expect(201)["output"], "a short answer");
    assert!(is_replayed(&again));
    let waited: Vec<_> = answers.iter().filter(|answer| answer.status != 409).collect();
    assert!(waited.iter().all(|answer| answer.status == 201 && answer.body == again.body), "{answers:?}");
    assert_eq!(waited.iter().filter(|answer| !is_replayed(answer)).count(), 1, "{answers:?}");
    // what the task was when the wait was over is the answer too, whatever becomes of it
    let path = agent.path("/tasks?wait=1");
    let first = post(&client, &path, "a-short-wait", &body).await;
    assert_eq!(first.expect(201)["status"], "queued");
    let task = worker.claimed().await;
    worker.complete(task["id"].as_str().unwrap(), 1, "too late").await.expect(200);
    assert_eq!(post(&client, &path, "a-short-wait", &body).await.body, first.body);
}

/// The caller's connection breaks while it waits: the call made again gets the answer.
async fn a_call_whose_caller_hung_up_is_waited_for_by_the_next(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    let (path, body) = (agent.path("/tasks?wait=30"), json!({ "input": "asked twice" }));
    let given_up = tokio::spawn({
        let (client, path, body) = (client.clone(), path.clone(), body.clone());
        async move { post(&client, &path, "hung-up", &body).await }
    });
    let task = worker.claimed().await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    let again = post(&client, &path, "hung-up", &body);
    let work = async { worker.complete(task["id"].as_str().unwrap(), 1, "heard").await.expect(200) };
    let (again, _) = tokio::join!(again, work);
    assert_eq!((&again.expect(201)["id"], &again.expect(201)["output"]), (&task["id"], &json!("heard")));
    assert!(is_replayed(&again));
}
