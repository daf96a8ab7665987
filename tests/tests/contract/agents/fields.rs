//! Bad fields of an agent (AGNT "400 Bad Request"; `reliability.md` V09–V11, V20, V23).

use connix_tests::{Server, on_every_store, unique};
use reqwest::Method;
use serde_json::{Map, Value, json};

on_every_store![
    the_documents_example_lists_all_faults_in_its_words,
    temperatures_lie_between_zero_and_two,
    max_tokens_are_positive_integers,
    tools_are_a_list_of_names_that_there_are,
    environment_variables_are_texts_with_harmless_names,
    unknown_fields_and_wrong_types_are_named_with_their_path,
    names_have_one_to_a_hundred_characters,
    the_same_faults_are_found_by_a_put,
    nothing_is_made_of_a_refused_agent,
];

const AGENTS: &str = "/api/v1/projects/default/agents";

async fn faults(server: &Server, mut body: Value) -> Vec<(String, String)> {
    if body.get("name").is_none() {
        body["name"] = unique("refused").into();
    }
    server.client().post(AGENTS, &body).await.refused_fields(400, "validation_error")
}

async fn field(server: &Server, body: Value) -> String {
    let faults = faults(server, body.clone()).await;
    assert_eq!(faults.len(), 1, "{body}: {faults:?}");
    faults[0].0.clone()
}

/// `{ "error": { "code": "validation_error", "message": "Invalid agent configuration", "details": [ { "field": "config.temperature",
/// "message": "Temperature must be between 0 and 2" }, { "field": "config.max_tokens", "message": "Max tokens must be a positive
/// integer" } ] }}`
async fn the_documents_example_lists_all_faults_in_its_words(server: &Server) {
    let body = json!({ "name": unique("refused"), "config": { "temperature": 2.5, "max_tokens": 0 } });
    let error = server.client().post(AGENTS, &body).await.refused(400, "validation_error");
    assert_eq!(error["message"], "Invalid agent configuration");
    let expected = json!([
        { "field": "config.temperature", "message": "Temperature must be between 0 and 2" },
        { "field": "config.max_tokens", "message": "Max tokens must be a positive integer" },
    ]);
    assert_eq!(error["details"], expected);
}

/// V09.
async fn temperatures_lie_between_zero_and_two(server: &Server) {
    for temperature in [json!(-0.1), json!(2.0001), json!("0.7"), json!(true), json!([1])] {
        assert_eq!(field(server, json!({ "config": { "temperature": temperature } })).await, "config.temperature");
    }
    let body = format!(r#"{{"name":"{}","config":{{"temperature":1e400}}}}"#, unique("refused"));
    let call = server.client().call(Method::POST, AGENTS).body("application/json", body);
    call.send().await.refused(400, "validation_error");
    for temperature in [json!(0), json!(2), json!(1.999)] {
        let body = json!({ "name": unique("warm"), "runtime": "external", "config": { "temperature": temperature } });
        let made = server.client().post(AGENTS, &body).await.expect(201);
        assert_eq!(made["config"]["temperature"].as_f64(), temperature.as_f64());
    }
}

/// V10.
async fn max_tokens_are_positive_integers(server: &Server) {
    for tokens in [json!(0), json!(-1), json!(1.5), json!(9_223_372_036_854_775_808_u64), json!("5"), json!({})] {
        assert_eq!(field(server, json!({ "config": { "max_tokens": tokens } })).await, "config.max_tokens", "{tokens}");
    }
}

/// F47; the words are `tools.rs`'s.
async fn tools_are_a_list_of_names_that_there_are(server: &Server) {
    let tools = json!(["telepathy", "web_search", "", "no_such_tool"]);
    let faults = faults(server, json!({ "config": { "tools": tools } })).await;
    let fields: Vec<_> = faults.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["config.tools[0]", "config.tools[2]", "config.tools[3]"]);
    assert!(field(server, json!({ "config": { "tools": "web_search" } })).await.starts_with("config.tools"));
    assert!(field(server, json!({ "config": { "tools": [5] } })).await.starts_with("config.tools"));
    let body = json!({ "name": unique("toolless"), "runtime": "external", "config": { "tools": [] } });
    server.client().post(AGENTS, &body).await.expect(201);
}

/// V20, F48.
async fn environment_variables_are_texts_with_harmless_names(server: &Server) {
    let long = "N".repeat(129);
    let names =
        ["LD_PRELOAD", "CONNIX_TOKEN", "DYLD_INSERT_LIBRARIES", "PATH", "A=B", "1X", "", "with space", "ünï", &long];
    for name in names {
        let field = field(server, json!({ "config": { "environment_variables": { name: "x" } } })).await;
        assert!(field.starts_with("config.environment_variables"), "{name:?}: {field}");
    }
    for value in [json!(3), json!(null), json!(["x"]), json!("nul\u{0}")] {
        let body = json!({ "name": unique("refused"), "config": { "environment_variables": { "NAME": value } } });
        server.client().post(AGENTS, &body).await.refused(400, "validation_error");
    }
    let many: Map<_, _> = (0..101).map(|index| (format!("N{index}"), json!("x"))).collect();
    assert!(field(server, json!({ "config": { "environment_variables": many } })).await.starts_with("config.env"));
}

async fn unknown_fields_and_wrong_types_are_named_with_their_path(server: &Server) {
    let table = [
        (json!({ "colour": "blue" }), "colour"),
        (json!({ "config": { "colour": "blue" } }), "config.colour"),
        (json!({ "config": [] }), "config"),
        (json!({ "config": { "model": 4 } }), "config.model"),
        (json!({ "config": { "system_prompt": 4 } }), "config.system_prompt"),
        (json!({ "description": 5 }), "description"),
        (json!({ "metadata": [] }), "metadata"),
        (json!({ "runtime": "mars" }), "runtime"),
        (json!({ "name": 5 }), "name"),
        (json!({ "name": null }), "name"),
    ];
    for (body, expected) in table {
        assert_eq!(field(server, body).await, expected);
    }
    let error = server.client().post(AGENTS, &json!({})).await.refused_fields(400, "validation_error");
    assert_eq!(error[0].0, "name");
    let both = faults(server, json!({ "colour": "blue", "config": { "temperature": 9 } })).await;
    let mut fields: Vec<_> = both.into_iter().map(|(field, _)| field).collect();
    fields.sort();
    assert_eq!(fields, ["colour", "config.temperature"], "all faults at once");
}

async fn names_have_one_to_a_hundred_characters(server: &Server) {
    for name in ["", &"n".repeat(101), "line\nbreak"] {
        let faults = faults(server, json!({ "name": name })).await;
        assert_eq!(faults[0].0, "name", "{name:?}: {faults:?}");
    }
    let client = server.client();
    let project = client.project().await;
    for name in ["x", "Ünïcode & Spaces 🦀", &"n".repeat(100)] {
        let agent = client.agent(&project, json!({ "name": name, "runtime": "external" })).await;
        assert_eq!(agent.created["name"], name);
    }
}

async fn the_same_faults_are_found_by_a_put(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let body = json!({ "name": "", "config": { "temperature": 3, "max_tokens": -5, "tools": ["telepathy"] } });
    for answer in [agent.put(&body).await, client.patch(&agent.path(""), &body).await] {
        let mut fields: Vec<_> =
            answer.refused_fields(400, "validation_error").into_iter().map(|(field, _)| field).collect();
        fields.sort();
        assert_eq!(fields, ["config.max_tokens", "config.temperature", "config.tools[0]", "name"]);
    }
    assert_eq!(agent.status().await, "creating");
}

async fn nothing_is_made_of_a_refused_agent(server: &Server) {
    let client = server.client();
    let project = client.project().await;
    let agents = format!("/api/v1/projects/{}/agents", project.uid);
    let body = json!({ "name": "never", "config": { "tools": ["telepathy"] } });
    client.post(&agents, &body).await.refused(400, "validation_error");
    assert_eq!(client.get(&agents).await.expect(200)["pagination"]["total"], 0);
}
