//! The tools that a configuration may name, and those that it may not (contract section 8).

use connix_tests::{FakeModel, Server, Settings, Store, on_every_store, with_every_store};
use serde_json::{Value, json};

on_every_store![
    an_unknown_tool_is_refused_at_its_place_with_a_list_of_what_there_is,
    a_refused_tool_changes_nothing,
    a_launch_is_refused_alike,
    the_lists_are_read_by_page_and_refuse_what_they_do_not_know,
];

with_every_store![
    a_tool_without_its_setting_is_refused_and_listed_by_the_settings_name,
    a_tool_whose_setting_is_set_is_taken,
    an_agent_whose_tool_lost_its_setting_says_so,
    the_models_are_what_the_endpoint_offers_or_else_the_settings,
];

/// An endpoint that nobody asks.
const SEARCH: &str = "https://searxng.example.com";

async fn an_unknown_tool_is_refused_at_its_place_with_a_list_of_what_there_is(server: &Server) {
    let client = server.client();
    let path = format!("/api/v1/projects/{}/agents", client.project().await.uid);
    let body = json!({ "name": "Psychic", "config": { "tools": ["telepathy"], "temperature": 3 } });
    let error = client.post(&path, &body).await.expect(400)["error"].clone();
    assert_eq!(error["code"], "validation_error");
    let details = error["details"].as_array().unwrap();
    let fault = |field: &str| details.iter().find(|fault| fault["field"] == field).unwrap()["message"].clone();
    assert_eq!(fault("config.temperature"), "Temperature must be between 0 and 2");
    let message = fault("config.tools[0]");
    assert!(message.as_str().unwrap().starts_with("Unknown tool 'telepathy'. Available: "), "{message}");
    assert_eq!(client.get(&path).await.expect(200)["pagination"]["total"], 0, "nothing was made");
}

async fn a_refused_tool_changes_nothing(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let before = agent.get().await;
    let body = json!({ "description": "changed", "config": { "tools": ["telepathy", "", "web_search"] } });
    let error = agent.put(&body).await.expect(400)["error"].clone();
    let fields: Vec<_> = error["details"].as_array().unwrap().iter().map(|fault| fault["field"].clone()).collect();
    assert_eq!(fields, ["config.tools[0]", "config.tools[1]"]);
    let after = agent.get().await;
    assert_eq!((&after["description"], &after["config"]), (&before["description"], &before["config"]));
}

async fn a_launch_is_refused_alike(server: &Server) {
    let client = server.client();
    let body = json!({ "name": "refused-launch", "config": { "tools": ["telepathy"] } });
    let refused = client.post("/api/v1/agents", &body).await.expect(400);
    assert!(refused.to_string().contains("Unknown tool 'telepathy'"), "{refused}");
}

async fn the_lists_are_read_by_page_and_refuse_what_they_do_not_know(server: &Server) {
    let client = server.client();
    for list in ["/api/v1/tools", "/api/v1/models"] {
        let first = client.get(&format!("{list}?limit=1")).await.expect(200);
        assert_eq!(first["data"].as_array().unwrap().len(), 1, "{first}");
        assert_eq!((&first["pagination"]["page"], &first["pagination"]["limit"]), (&json!(1), &json!(1)));
        assert_eq!(client.get(&format!("{list}?page=99")).await.expect(200)["data"], json!([]));
        for query in ["limit=0", "limit=101", "page=0", "colour=red"] {
            let refused = client.get(&format!("{list}?{query}")).await.expect(400);
            assert_eq!(refused["error"]["code"], "INVALID_REQUEST", "{list}?{query}");
        }
    }
}

async fn a_tool_without_its_setting_is_refused_and_listed_by_the_settings_name(store: Store) {
    let server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let path = format!("/api/v1/projects/{}/agents", client.project().await.uid);
    let body = json!({ "name": "Searcher", "config": { "tools": ["web_search"] } });
    let error = client.post(&path, &body).await.expect(400)["error"].clone();
    assert_eq!(
        (&error["code"], &error["details"][0]["field"]),
        (&json!("validation_error"), &json!("config.tools[0]"))
    );
    let message = error["details"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("Tool 'web_search' is not available: tools.web_search.url is not set. "), "{message}");
    assert_eq!(client.get(&path).await.expect(200)["pagination"]["total"], 0, "nothing was made");

    let tools = listed(&server).await;
    let search = tools.iter().find(|tool| tool["name"] == "web_search").unwrap();
    assert_eq!(
        (&search["status"], &search["reason"]),
        (&json!("unavailable"), &json!("tools.web_search.url is not set"))
    );
    assert_eq!(search["setting"], "tools.web_search.url");
    for tool in &tools {
        assert!(!tool["description"].as_str().unwrap().is_empty(), "{tool}");
        assert_eq!(tool["status"] == "available", tool["reason"].is_null(), "{tool}");
    }
}

async fn a_tool_whose_setting_is_set_is_taken(store: Store) {
    let server = Server::start(store, Settings::for_tests().with("tools.web_search.url", SEARCH));
    let client = server.client();
    let body = json!({ "runtime": "external", "config": { "tools": ["web_search"] } });
    let agent = client.agent(&client.project().await, body).await;
    assert_eq!(agent.created["config"]["tools"], json!(["web_search"]));
    assert_eq!(agent.created["runtime"]["degraded_tools"], json!([]));
    let twice = agent.put(&json!({ "config": { "tools": ["web_search", "web_search"] } })).await.expect(400);
    assert_eq!(
        twice["error"]["details"],
        json!([{ "field": "config.tools[1]", "message": "Tool 'web_search' is named twice" }])
    );
    let search = listed(&server).await.into_iter().find(|tool| tool["name"] == "web_search").unwrap();
    assert_eq!((&search["status"], &search["reason"]), (&json!("available"), &Value::Null));
}

async fn an_agent_whose_tool_lost_its_setting_says_so(store: Store) {
    let mut server = Server::start(store, Settings::for_tests().with("tools.web_search.url", SEARCH));
    let client = server.client();
    let body = json!({ "runtime": "external", "config": { "tools": ["web_search"] } });
    let agent = client.agent(&client.project().await, body).await;
    server.terminate().await;
    server.installation.set("tools.web_search.url", "");
    server.start_again();
    assert_eq!(agent.get().await["runtime"]["degraded_tools"], json!(["web_search"]));
    assert_eq!(agent.get().await["config"]["tools"], json!(["web_search"]), "its configuration is its owner's");
    let list = client.get(agent.path("").rsplit_once('/').unwrap().0).await.expect(200);
    assert_eq!(list["agents"][0]["runtime"]["degraded_tools"], json!(["web_search"]));
}

async fn the_models_are_what_the_endpoint_offers_or_else_the_settings(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model));
    let models = server.client().get("/api/v1/models").await.expect(200);
    assert_eq!(models["source"], "settings", "the endpoint has no list");
    assert_eq!(models["data"], json!([{ "name": "gpt-4", "default": true }]));

    let model = FakeModel::start().await;
    model.offer(&["gpt-4", "small"]).await;
    let server = Server::start(store, Settings::with_model(&model));
    let models = server.client().get("/api/v1/models").await.expect(200);
    assert_eq!(models["source"], "endpoint");
    assert_eq!(models["data"], json!([{ "name": "gpt-4", "default": true }, { "name": "small", "default": false }]));
}

async fn listed(server: &Server) -> Vec<Value> {
    server.client().get("/api/v1/tools?limit=100").await.expect(200)["data"].as_array().unwrap().clone()
}
