//! AGNT "Update Agent": PUT, and PATCH, which is the same call.

use connix_tests::{Agent, Client, Server, on_every_store};
use serde_json::{Value, json};

on_every_store![
    the_documents_example_keeps_what_it_leaves_out,
    the_documents_full_body_is_taken,
    config_merges_key_by_key_and_null_resets,
    metadata_is_replaced_but_for_its_maker_and_version,
    a_patch_is_the_same_call,
    what_was_read_can_be_sent_back,
    metadata_at_its_limits_can_be_sent_back,
    what_the_service_owns_cannot_be_changed,
    an_update_of_a_running_agent_ends_by_itself,
    the_next_task_runs_with_the_new_configuration,
];

async fn analyst(client: &Client) -> Agent {
    let body = json!({
        "name": "Data Analysis Agent", "runtime": "external", "description": "Processes customer data",
        "config": {
            "model": "gpt-4", "temperature": 0.7, "max_tokens": 2048, "tools": ["web_search", "code_execution", "data_analysis"],
            "system_prompt": "You are a data analysis expert...",
            "environment_variables": { "DATA_SOURCE": "postgres://...", "CACHE_TTL": "3600" }
        },
        "metadata": { "environment": "production", "version": "1.2.3", "team": "analytics" }
    });
    client.agent(&client.project().await, body).await
}

async fn the_documents_example_keeps_what_it_leaves_out(server: &Server) {
    let agent = analyst(&server.client()).await;
    let body = json!({
        "name": "Enhanced Data Analysis Agent",
        "config": { "model": "gpt-4-turbo", "temperature": 0.5, "max_tokens": 4096 }
    });
    let updated = agent.put(&body).await.expect(200);
    assert_eq!(updated["status"], "updating");
    assert_eq!(updated["name"], "Enhanced Data Analysis Agent");
    let (config, before) = (&updated["config"], &agent.created["config"]);
    assert_eq!((&config["model"], &config["temperature"]), (&json!("gpt-4-turbo"), &json!(0.5)));
    assert_eq!(config["max_tokens"], 4096);
    for key in ["tools", "system_prompt", "environment_variables"] {
        assert_eq!(config[key], before[key], "config.{key}");
    }
    for key in ["id", "description", "project_id", "metadata", "created_at"] {
        assert_eq!(updated[key], agent.created[key], "{key}");
    }
    assert!(updated["updated_at"].as_str() > agent.created["updated_at"].as_str());
}

async fn the_documents_full_body_is_taken(server: &Server) {
    let agent = analyst(&server.client()).await;
    let body = json!({
        "name": "Enhanced Data Analysis Agent",
        "description": "Advanced data processing with ML capabilities",
        "config": {
            "model": "gpt-4-turbo", "temperature": 0.5, "max_tokens": 4096,
            "tools": ["web_search", "code_execution", "data_analysis", "ml_training"],
            "system_prompt": "You are an advanced data scientist...",
            "environment_variables": {
                "DATA_SOURCE": "postgres://new-connection...", "CACHE_TTL": "7200", "ML_ENDPOINT": "https://ml.example.com/api"
            }
        },
        "metadata": { "environment": "production", "team": "ml-engineering", "version": "2.0.0" }
    });
    let updated = agent.put(&body).await.expect(200);
    assert_eq!(updated["description"], body["description"]);
    assert_eq!(updated["config"]["tools"], body["config"]["tools"]);
    assert_eq!(updated["config"]["environment_variables"], body["config"]["environment_variables"], "replaced whole");
    assert_eq!(updated["metadata"]["created_by"], agent.created["metadata"]["created_by"]);
    assert_eq!(updated["metadata"]["version"], "2.0.0");
    assert_eq!(updated["metadata"]["team"], "ml-engineering");
    assert_eq!(agent.get().await["config"], updated["config"]);
}

async fn config_merges_key_by_key_and_null_resets(server: &Server) {
    let agent = analyst(&server.client()).await;
    let updated = agent.put(&json!({ "config": { "temperature": 0 } })).await.expect(200);
    assert_eq!(
        (&updated["config"]["temperature"].as_f64(), &updated["config"]["max_tokens"]),
        (&Some(0.0), &json!(2048))
    );
    let reset =
        json!({ "config": { "model": null, "temperature": null, "max_tokens": null, "environment_variables": null } });
    let updated = agent.put(&reset).await.expect(200);
    let config = &updated["config"];
    assert_eq!((&config["model"], &config["temperature"]), (&json!("gpt-4"), &json!(0.7)));
    assert_eq!((&config["max_tokens"], &config["environment_variables"]), (&json!(2048), &json!({})));
    assert_eq!(config["system_prompt"], agent.created["config"]["system_prompt"]);
}

async fn metadata_is_replaced_but_for_its_maker_and_version(server: &Server) {
    let agent = analyst(&server.client()).await;
    let updated = agent.put(&json!({ "metadata": { "stage": "dev" } })).await.expect(200);
    let maker = &agent.created["metadata"]["created_by"];
    assert_eq!(updated["metadata"], json!({ "created_by": maker, "version": "1.2.3", "stage": "dev" }));
}

async fn a_patch_is_the_same_call(server: &Server) {
    let client = server.client();
    let agent = analyst(&client).await;
    let body = json!({ "config": { "max_tokens": 7 }, "description": "patched" });
    let updated = client.patch(&agent.path(""), &body).await.expect(200);
    assert_eq!((&updated["status"], &updated["description"]), (&json!("updating"), &json!("patched")));
    assert_eq!((&updated["config"]["max_tokens"], &updated["config"]["temperature"]), (&json!(7), &json!(0.7)));
}

/// V21.
async fn what_was_read_can_be_sent_back(server: &Server) {
    let agent = analyst(&server.client()).await;
    let read = agent.get().await;
    let updated = agent.put(&read).await.expect(200);
    for key in ["name", "description", "config", "metadata", "project_id"] {
        assert_eq!(updated[key], read[key], "{key}");
    }
}

/// V21.
async fn metadata_at_its_limits_can_be_sent_back(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let most: Value = (0..64).map(|n| (format!("key-{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    let largest = json!({ "text": "x".repeat(16 * 1024 - r#"{"text":""}"#.len()) });
    for metadata in [most, largest] {
        let agent = client.agent(&project, json!({ "runtime": "external", "metadata": metadata })).await;
        let read = agent.get().await["metadata"].clone();
        assert_eq!(agent.put(&json!({ "metadata": read })).await.expect(200)["metadata"], read);
        let mut more = read;
        more["text"] = (more["text"].as_str().unwrap_or_default().to_owned() + "y").into();
        let fields = agent.put(&json!({ "metadata": more })).await.refused_fields(400, "validation_error");
        assert_eq!(fields[0].0, "metadata");
    }
}

/// T19.
async fn what_the_service_owns_cannot_be_changed(server: &Server) {
    let agent = analyst(&server.client()).await;
    let table = [
        ("id", json!("agent_00000000000000aa")),
        ("project_id", json!("proj_00000000000000aa")),
        ("org_id", json!("org_00000000000000aa")),
        ("status", json!("running")),
        ("created_at", json!("2024-01-15T10:30:00Z")),
        ("colour", json!("blue")),
    ];
    for (key, value) in table {
        let fields = agent.put(&json!({ key: value })).await.refused_fields(400, "validation_error");
        assert!(fields[0].0.starts_with(key), "{key}: {fields:?}");
    }
    let forged = json!({ "metadata": { "created_by": "user_00000000000000aa" } });
    let fields = agent.put(&forged).await.refused_fields(400, "validation_error");
    assert_eq!(fields[0].0, "metadata.created_by");
    assert_eq!(agent.get().await["updated_at"], agent.created["updated_at"]);
}

async fn an_update_of_a_running_agent_ends_by_itself(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    for body in [json!({ "config": { "temperature": 0.1 } }), json!({ "description": "only a word" }), json!({})] {
        assert_eq!(agent.put(&body).await.expect(200)["status"], "updating", "{body}");
        agent.reaches("running").await;
    }
    assert_eq!(agent.get().await["runtime"]["incarnation"], 1, "the worker took it over without a restart");
}

async fn the_next_task_runs_with_the_new_configuration(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    agent.reaches("running").await;
    let variables = json!({ "NEW": "value" });
    let change = json!({ "config": { "model": "newer", "environment_variables": variables } });
    assert_eq!(agent.put(&change).await.expect(200)["status"], "updating");
    let fetched = worker.config().await;
    assert_eq!(fetched["config"]["model"], Value::from("newer"));
    assert_eq!(fetched["config"]["environment_variables"], variables);
    assert_eq!(agent.status().await, "updating", "until the worker says that it took it over");
    worker.applied(fetched["config_revision"].as_u64().unwrap()).await.expect(200);
    agent.reaches("running").await;
    agent.task("with the new one").await;
    assert_eq!(worker.claimed().await["config_revision"], fetched["config_revision"]);
}
