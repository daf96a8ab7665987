//! Tools of agents that really run: a model calls one and is told what it really gives.

use connix_tests::{FakeModel, FakeReply, FakeSearch, Server, Settings, Store, with_every_store};
use serde_json::json;

with_every_store![a_model_searches_the_web_and_answers_with_what_it_found];

async fn a_model_searches_the_web_and_answers_with_what_it_found(store: Store) {
    let search =
        FakeSearch::finding(json!([{ "title": "Ferris", "url": "https://ferris.example/", "content": "A crab." }]))
            .await;
    let model = FakeModel::start().await;
    model.reply(FakeReply::calls("web_search", &json!({ "query": "ferris" }))).reply(FakeReply::answer("A crab."));
    let settings = Settings::with_model(&model)
        .with("tools.web_search.url", search.url())
        .with("tools.allow_cidrs", "127.0.0.0/8");
    let server = Server::start(store, settings);
    let client = server.client();
    let agent = client.agent(&client.project().await, json!({ "config": { "tools": ["web_search"] } })).await;
    let task = agent.task("Who is Ferris?").await.reaches("completed").await;
    assert_eq!(task["output"], "A crab.");
    assert_eq!(search.queries().await, ["ferris"]);
    let told = model.requests()[1].tool_result();
    assert_eq!(
        told["results"][0],
        json!({ "title": "Ferris", "url": "https://ferris.example/", "snippet": "A crab." })
    );
}
