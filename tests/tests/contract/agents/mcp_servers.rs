//! MCP servers that the operator registered, as configurations and the catalogue see them (contract sections 6 and 8).

use connix_tests::{FakeMcp, Server, Settings, Store, fake_mcp, with_every_store};
use serde_json::{Value, json};

with_every_store![
    servers_are_listed_with_their_tools_and_those_that_cannot_be_used_with_the_reason,
    their_tools_are_taken_and_refused_by_name_at_create_and_put,
    an_agent_of_another_host_has_none_of_them_and_is_told_nothing_of_them,
    a_server_that_is_badly_registered_stops_the_start_by_the_name_of_its_key,
];

const TOKEN: &str = "c4nary-of-ours";

/// A remote server that works, and two that do not.
fn registered(remote: &FakeMcp) -> Settings {
    let silent = json!(fake_mcp::program("/tmp", "dies"));
    let list = format!(
        "[{{ name = \"remote\", url = \"{}\", headers = {{ Authorization = \"Bearer {TOKEN}\" }} }}, \
         {{ name = \"gone\", url = \"http://127.0.0.1:9/mcp\" }}, {{ name = \"ends\", command = {silent} }}]",
        remote.url()
    );
    Settings::for_tests().with("tools.mcp", list)
}

async fn listed(server: &Server) -> Vec<Value> {
    let tools = server.client().get("/api/v1/tools?limit=100").await.expect(200)["data"].as_array().unwrap().clone();
    tools.into_iter().filter(|tool| tool["name"].as_str().unwrap().starts_with("mcp:")).collect()
}

async fn servers_are_listed_with_their_tools_and_those_that_cannot_be_used_with_the_reason(store: Store) {
    let remote = FakeMcp::start(TOKEN).await;
    let server = Server::start(store, registered(&remote));
    let tools = listed(&server).await;
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mcp:remote", "mcp:remote/echo", "mcp:remote/wait", "mcp:gone", "mcp:ends"]);
    assert_eq!(
        tools[1],
        json!({
            "name": "mcp:remote/echo", "description": "Says what it is told",
            "input_schema": { "type": "object", "properties": { "text": { "type": "string" } } },
            "status": "available", "reason": null, "setting": null
        })
    );
    assert_eq!((&tools[0]["status"], &tools[0]["input_schema"]), (&json!("available"), &Value::Null));
    for (tool, reason) in [(&tools[3], "refused"), (&tools[4], "ended with exit code")] {
        assert_eq!((&tool["status"], &tool["setting"]), (&json!("unavailable"), &json!("tools.mcp")));
        assert!(tool["reason"].as_str().unwrap().contains(reason), "{tool}");
    }
    assert!(!json!(tools).to_string().contains(TOKEN) && !server.log().contains(TOKEN));
}

async fn their_tools_are_taken_and_refused_by_name_at_create_and_put(store: Store) {
    let remote = FakeMcp::start(TOKEN).await;
    let server = Server::start(store, registered(&remote));
    let client = server.client();
    let project = client.project().await;
    let agent = client.agent(&project, json!({ "config": { "tools": ["mcp:remote", "mcp:remote/echo"] } })).await;
    assert_eq!(agent.created["config"]["tools"], json!(["mcp:remote", "mcp:remote/echo"]));

    let tools = json!(["mcp:none", "mcp:remote/none", "mcp:gone/read"]);
    let path = format!("/api/v1/projects/{}/agents", project.uid);
    let body = json!({ "name": "Refused", "config": { "tools": tools } });
    for error in [
        client.post(&path, &body).await.expect(400)["error"].clone(),
        agent.put(&json!({ "config": { "tools": tools } })).await.expect(400)["error"].clone(),
    ] {
        assert_eq!(error["code"], "validation_error");
        let details = error["details"].as_array().unwrap();
        let expected = [
            ("config.tools[0]", "Unknown tool 'mcp:none'. Available: "),
            ("config.tools[1]", "Unknown tool 'mcp:remote/none'. Available: "),
            ("config.tools[2]", "Tool 'mcp:gone/read' is not available: the MCP server cannot be used"),
        ];
        assert_eq!(details.len(), expected.len(), "{error}");
        for (fault, (field, message)) in details.iter().zip(expected) {
            assert_eq!(fault["field"], field);
            assert!(fault["message"].as_str().unwrap().starts_with(message), "{fault}");
        }
    }
    assert_eq!(client.get(&path).await.expect(200)["pagination"]["total"], 1, "nothing was made");
    assert_eq!(agent.get().await["config"]["tools"], json!(["mcp:remote", "mcp:remote/echo"]));
}

async fn an_agent_of_another_host_has_none_of_them_and_is_told_nothing_of_them(store: Store) {
    let remote = FakeMcp::start(TOKEN).await;
    let server = Server::start(store, registered(&remote));
    let client = server.client();
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let expected = json!([{ "field": "config.tools[0]", "message": "Tool 'mcp:remote' is for agents that the server runs itself" }]);
    let tools = json!({ "config": { "tools": ["mcp:remote"] } });
    assert_eq!(agent.put(&tools).await.expect(400)["error"]["details"], expected);
    let body = json!({ "name": "Elsewhere", "runtime": "external", "config": { "tools": ["mcp:remote"] } });
    let path = format!("/api/v1/projects/{}/agents", project.uid);
    assert_eq!(client.post(&path, &body).await.expect(400)["error"]["details"], expected);

    let worker = agent.worker().await;
    let told = json!(worker.welcome).to_string();
    assert!(!told.contains(TOKEN) && !told.contains(&remote.url()), "{told}");
}

async fn a_server_that_is_badly_registered_stops_the_start_by_the_name_of_its_key(store: Store) {
    let settings = Settings::for_tests().with("tools.mcp", "[{ name = \"a\", url = \"nowhere\" }]");
    let refused = connix_tests::Installation::new(store, settings).run(&["config"]);
    assert!(refused.code != Some(0) && refused.stderr.contains("tools.mcp[0].url"), "{}", refused.stderr);
}
