//! Model endpoints that misbehave (`reference/runtime.md` F49, F50).

use connix_tests::{FakeModel, FakeReply, Server, Settings, Store, with_every_store};
use serde_json::json;

with_every_store![
    faults_that_pass_are_tried_again,
    a_refused_credential_fails_the_task_and_at_last_the_agent,
    answers_are_read_leniently,
    the_configured_key_is_sent,
];

async fn faults_that_pass_are_tried_again(store: Store) {
    let model = FakeModel::start().await;
    model.reply(FakeReply::error(500, "oops")).reply(FakeReply::error(429, "slow down").retry_after("1"));
    model.reply(FakeReply::answer("third time lucky"));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let done = agent.task("hello").await.reaches("completed").await;
    assert_eq!((&done["output"], model.requests().len()), (&json!("third time lucky"), 3));
}

/// F49.
async fn a_refused_credential_fails_the_task_and_at_last_the_agent(store: Store) {
    let model = FakeModel::start().await;
    for _ in 0..3 {
        model.reply(FakeReply::error(401, "invalid api key"));
    }
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    for _ in 0..3 {
        let failed = agent.task("hello").await.reaches("failed").await;
        assert_eq!((&failed["error"]["code"], &failed["attempts"]), (&json!("llm_auth"), &json!(1)));
    }
    agent.reaches("error").await;
    agent.act("start").await.expect(200);
    assert_eq!(agent.task("and now?").await.reaches("completed").await["output"], "You said: and now?");
}

/// F50.
async fn answers_are_read_leniently(store: Store) {
    let model = FakeModel::start().await;
    let parts = json!({ "role": "assistant", "content": [{ "type": "text", "text": "in " }, { "type": "text", "text": "parts" }] });
    model.reply(FakeReply::answer("uncounted").without_usage()).reply(FakeReply::message(parts));
    model.reply(FakeReply::message(json!({ "role": "assistant", "content": "no tools", "tool_calls": null })));
    let server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let uncounted = agent.task("one").await.reaches("completed").await;
    assert_eq!(uncounted["output"], "uncounted");
    assert!(uncounted["usage"]["total_tokens"].as_u64().unwrap() > 0, "estimated: {uncounted}");
    for expected in ["in parts", "no tools"] {
        assert_eq!(agent.task("more").await.reaches("completed").await["output"], expected);
    }
}

async fn the_configured_key_is_sent(store: Store) {
    let model = FakeModel::start().await;
    let server = Server::start(store, Settings::with_model(&model).with("llm.api_key", "sk-canary-4711"));
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    agent.task("hello").await.reaches("completed").await;
    assert_eq!(model.requests()[0].authorization.as_deref(), Some("Bearer sk-canary-4711"));
    assert!(!server.log().contains("sk-canary"), "the log shows the key");
    assert!(!agent.get().await.to_string().contains("sk-canary"));
}
