//! Environment variables: shown behind masks, kept when a mask comes back, and told by nothing that an agent does (AGNT; contract
//! section 6; `reliability.md` 2.13 and table S).

use connix_tests::{Agent, Client, Server, Settings, Store, eventually, keys, on_every_store, with_every_store};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    the_documents_variables_are_shown_word_for_word,
    what_looks_like_a_credential_is_masked_wherever_it_is_shown,
    secrets_are_revealed_to_those_who_may_see_them,
    a_mask_that_comes_back_keeps_what_is_behind_it,
    other_answers_show_no_variables_at_all,
    an_agents_secrets_are_taken_out_of_what_its_worker_reports,
    secrets_of_before_a_change_are_taken_out_too,
    a_model_that_repeats_a_secret_is_not_quoted,
];
with_every_store![no_secret_lies_open_in_the_store_or_in_the_log];

const SECRET: &str = "c4nary/Secret+of ours";
const URL: &str = "postgres://reader:pa55word-canary@db.internal/sales";

async fn with_secrets(client: &Client) -> Agent {
    let variables = json!({ "SERVICE_API_KEY": SECRET, "DATA_SOURCE": URL, "CACHE_TTL": "3600" });
    let body = json!({ "runtime": "external", "config": { "model": "any", "environment_variables": variables } });
    client.agent(&client.project().await, body).await
}

fn masked() -> Value {
    json!({ "SERVICE_API_KEY": "***", "DATA_SOURCE": "postgres://...", "CACHE_TTL": "3600" })
}

fn clear() -> Value {
    json!({ "SERVICE_API_KEY": SECRET, "DATA_SOURCE": URL, "CACHE_TTL": "3600" })
}

fn variables(agent: &Value) -> &Value {
    &agent["config"]["environment_variables"]
}

/// Fails the test if a secret stands in `text` in any form.
#[track_caller]
fn tells_nothing(text: &str) {
    let forms = ["c4nary", "pa55word", "YzRuYXJ5", "cGE1NXdvcmQ", "63346e617279", "c4nary%2FSecret%2Bof%20ours"];
    for form in forms {
        assert!(!text.contains(form), "{form} in {text}");
    }
}

async fn the_documents_variables_are_shown_word_for_word(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    for documented in [
        json!({ "SUPPORT_QUEUE": "high_priority", "ESCALATION_THRESHOLD": "3" }),
        json!({ "DATA_SOURCE": "postgres://...", "CACHE_TTL": "3600" }),
    ] {
        let body = json!({ "runtime": "external", "config": { "environment_variables": documented } });
        let agent = client.agent(&project, body).await;
        assert_eq!(variables(&agent.created), &documented);
        assert_eq!(variables(&agent.get().await), &documented);
        let changed = json!({
            "DATA_SOURCE": "postgres://new-connection...", "CACHE_TTL": "7200", "ML_ENDPOINT": "https://ml.example.com/api"
        });
        let updated = agent.put(&json!({ "config": { "environment_variables": changed } })).await.expect(200);
        assert_eq!(variables(&updated), &changed);
    }
}

/// S02.
async fn what_looks_like_a_credential_is_masked_wherever_it_is_shown(server: &Server) {
    let client = server.client();
    let agent = with_secrets(&client).await;
    assert_eq!(variables(&agent.created), &masked());
    assert_eq!(variables(&agent.get().await), &masked());
    assert_eq!(variables(&agent.put(&json!({ "description": "changed" })).await.expect(200)), &masked());
    let body = json!({ "name": connix_tests::unique("launched"), "config": { "environment_variables": clear() } });
    assert_eq!(variables(&client.post("/api/v1/agents", &body).await.expect(201)["agent"]), &masked());
}

/// S04.
async fn secrets_are_revealed_to_those_who_may_see_them(server: &Server) {
    let client = server.client();
    let agent = with_secrets(&client).await;
    let path = agent.path("?reveal=environment_variables");
    assert_eq!(variables(&client.get(&path).await.expect(200)), &clear());
    let updated = client.put(&path, &json!({ "description": "changed" })).await.expect(200);
    assert_eq!(variables(&updated), &clear());
    for scopes in ["read", "write"] {
        let blind = server.client_with(&server.key("default", &["--scopes", scopes]));
        blind.get(&path).await.refused(403, "insufficient_permissions");
        assert_eq!(variables(&blind.get(&agent.path("")).await.expect(200)), &masked());
    }
    let writer = server.client_with(&server.key("default", &["--scopes", "write"]));
    writer.put(&path, &json!({ "description": "not changed" })).await.refused(403, "insufficient_permissions");
    assert_eq!(agent.get().await["description"], "changed", "a refused call changes nothing");
    let permissions = "data.agents.read,data.agents.secrets.read";
    let trusted = server.client_with(&server.key("default", &["--permissions", permissions]));
    assert_eq!(variables(&trusted.get(&path).await.expect(200)), &clear());
    for (query, parameter) in [("?reveal=everything", "reveal"), ("?reveal=", "reveal"), ("?show=all", "show")] {
        let fields = client.get(&agent.path(query)).await.refused_fields(400, "validation_error");
        assert_eq!(fields[0].0, parameter, "{query}");
    }
}

/// S03.
async fn a_mask_that_comes_back_keeps_what_is_behind_it(server: &Server) {
    let client = server.client();
    let agent = with_secrets(&client).await;
    let revealed = agent.path("?reveal=environment_variables");
    let mut read = agent.get().await;
    read["name"] = connix_tests::unique("renamed").into();
    agent.put(&read).await.expect(200);
    assert_eq!(variables(&client.get(&revealed).await.expect(200)), &clear());
    let sent = json!({ "DATA_SOURCE": "postgres://...", "SERVICE_API_KEY": "a new one", "OTHER_TOKEN": "***" });
    agent.put(&json!({ "config": { "environment_variables": sent } })).await.expect(200);
    let expected = json!({ "DATA_SOURCE": URL, "SERVICE_API_KEY": "a new one", "OTHER_TOKEN": "***" });
    assert_eq!(variables(&client.get(&revealed).await.expect(200)), &expected);
    let worker = agent.worker().await;
    assert_eq!(worker.welcome["config"]["environment_variables"], expected, "its worker gets what is meant");
}

async fn other_answers_show_no_variables_at_all(server: &Server) {
    let tenant = server.tenant();
    let client = &tenant.client;
    let agent = with_secrets(client).await;
    let project = agent.created["project_id"].as_str().unwrap().to_owned();
    let list = client.get(&format!("/api/v1/projects/{project}/agents")).await;
    assert!(!keys(&list.expect(200)["agents"][0]["config"]).contains("environment_variables"));
    tells_nothing(&list.text());
    for action in ["stop", "start", "restart"] {
        tells_nothing(&agent.act(action).await.text());
    }
    tells_nothing(&client.get(&agent.path("/logs")).await.text());
    let refused = agent.put(&json!({ "config": { "environment_variables": { "1BAD": SECRET, "PATH": URL } } })).await;
    refused.refused(400, "validation_error");
    tells_nothing(&refused.text());
}

/// A14: raw, base64, hexadecimal, percent-encoded; in a log line, a step, an answer and a failure.
async fn an_agents_secrets_are_taken_out_of_what_its_worker_reports(server: &Server) {
    let client = server.client();
    let agent = with_secrets(&client).await;
    let worker = agent.worker().await;
    let printed = [
        SECRET.to_owned(),
        URL.to_owned(),
        "pa55word-canary".to_owned(),
        "YzRuYXJ5L1NlY3JldCtvZiBvdXJz".to_owned(),
        "63346e6172792f5365637265742b6f66206f757273".to_owned(),
        "c4nary%2FSecret%2Bof%20ours".to_owned(),
    ];
    let said = printed.join(" and ");
    let line = |n: usize| json!({ "timestamp": "2024-01-15T16:20:00Z", "level": "warn", "message": format!("{n}: {said}"), "context": { "env": { "all": printed }, SECRET: n } });
    worker.log(1, &json!([line(1), line(2)])).await.expect(202);
    let logs = eventually("the lines", async || Some(agent.logs("?level=warn").await).filter(|l| l.len() == 2)).await;
    assert_eq!(logs[0]["message"], format!("2: {}", ["***"; 6].join(" and ")));
    tells_nothing(&json!(logs).to_string());

    let task = agent.task("print it").await;
    worker.claimed().await;
    let step = json!([{ "kind": "tool.finished", "data": { "call_id": "c1", "name": "x", "result": { "stdout": said } }, "at": "2024-01-15T16:20:00Z" }]);
    worker.journal(&task.id, 1, 1, &step).await.expect(200);
    worker.complete(&task.id, 1, &said).await.expect(200);
    let done = task.get().await;
    assert_eq!(done["output"], ["***"; 6].join(" and "));
    tells_nothing(&json!(task.journal().await).to_string());
    tells_nothing(
        &json!(
            client
                .stream(&task.path("/events"), None)
                .await
                .rest()
                .await
                .into_iter()
                .map(|e| e.data)
                .collect::<Vec<_>>()
        )
        .to_string(),
    );

    let task = agent.task("fail with it").await;
    worker.claimed().await;
    worker.fail_with(&task.id, 1, &said).await.expect(200);
    tells_nothing(&task.get().await.to_string());
    tells_nothing(&json!(agent.logs("").await).to_string());
}

async fn secrets_of_before_a_change_are_taken_out_too(server: &Server) {
    let client = server.client();
    let agent = with_secrets(&client).await;
    let worker = agent.worker().await;
    let task = agent.task("begun with the old ones").await;
    worker.claimed().await;
    let line =
        |text: &str| json!([{ "timestamp": "2024-01-15T16:20:00Z", "level": "warn", "message": text, "context": {} }]);
    worker.log(1, &line(SECRET)).await.expect(202);
    agent
        .put(&json!({ "config": { "environment_variables": { "SERVICE_API_KEY": "the-next-one" } } }))
        .await
        .expect(200);
    worker.log(2, &line(&format!("{SECRET}, the-next-one"))).await.expect(202);
    worker.complete(&task.id, 1, SECRET).await.expect(200);
    assert_eq!(task.get().await["output"], "***");
    let logs = eventually("the lines", async || Some(agent.logs("?level=warn").await).filter(|l| l.len() == 2)).await;
    assert_eq!((&logs[0]["message"], &logs[1]["message"]), (&json!("***, ***"), &json!("***")));
}

/// Through the whole worker; a model without a script repeats what it is asked.
async fn a_model_that_repeats_a_secret_is_not_quoted(server: &Server) {
    let client = server.client();
    let config = json!({ "model": "any", "environment_variables": clear() });
    let agent = client.agent(&client.project().await, json!({ "config": config })).await;
    let task = agent.task(&format!("say {SECRET}")).await;
    assert_eq!(task.reaches("completed").await["output"], "You said: say ***");
    tells_nothing(&json!(task.journal().await).to_string());
}

async fn no_secret_lies_open_in_the_store_or_in_the_log(store: Store) {
    let server = Server::start(store, Settings::for_tests().with("log.level", "trace"));
    let client = server.client();
    let agent = with_secrets(&client).await;
    let worker = agent.worker().await;
    let body = json!({ "name": connix_tests::unique("again"), "runtime": "external", "config": { "environment_variables": clear() } });
    let agents = format!("/api/v1/projects/{}/agents", agent.created["project_id"].as_str().unwrap());
    client.call(Method::POST, &agents).header("Idempotency-Key", "kept").json(&body).send().await.expect(201);
    let line =
        json!([{ "timestamp": "2024-01-15T16:20:00Z", "level": "info", "message": SECRET, "context": { "url": URL } }]);
    worker.log(1, &line).await.expect(202);
    let task = agent.task("print it").await;
    worker.claimed().await;
    worker.complete(&task.id, 1, URL).await.expect(200);
    client.get(&agent.path("?reveal=environment_variables")).await.expect(200);
    tells_nothing(&server.log());
    match store {
        Store::Postgres => tells_nothing(&server.installation.database().dump().await),
        Store::Sqlite => {
            for entry in std::fs::read_dir(server.installation.data_folder()).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    tells_nothing(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
                }
            }
        }
    }
}

/// S05.
#[tokio::test]
async fn a_secret_that_was_copied_to_another_agent_is_told_to_nobody() {
    let server = Server::start(Store::Postgres, Settings::for_tests());
    let client = server.client();
    let (one, other) = (with_secrets(&client).await, with_secrets(&client).await);
    let of_one = format!("(SELECT environment FROM agent WHERE id = '{}')", one.id);
    let copy = format!("UPDATE agent SET environment = {of_one} WHERE id = '{}'", other.id);
    server.installation.database().execute(&copy).await;
    for query in ["", "?reveal=environment_variables"] {
        let answer = client.get(&other.path(query)).await;
        answer.refused(500, "internal_error");
        tells_nothing(&answer.text());
    }
    assert_eq!(variables(&one.get().await), &masked());
}
