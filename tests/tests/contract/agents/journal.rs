//! The journal of a task as a JSON page (contract section 6).

use connix_tests::{Server, keys, on_every_store};
use reqwest::Method;
use serde_json::json;

on_every_store![
    the_journal_shows_what_the_model_was_asked_and_said,
    pages_follow_each_other_without_gap,
    a_repeated_entry_is_written_once,
];

const MOMENT: &str = "2024-01-15T16:20:00Z";

async fn the_journal_shows_what_the_model_was_asked_and_said(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let task = agent.task("hello").await;
    task.reaches("completed").await;
    let journal = task.journal().await;
    let kinds: Vec<_> = journal.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    let position =
        |kind: &str| kinds.iter().position(|other| *other == kind).unwrap_or_else(|| panic!("{kind}: {kinds:?}"));
    assert!(position("llm.request") < position("llm.response"), "{kinds:?}");
    for (index, entry) in journal.iter().enumerate() {
        assert!(keys(entry).is_superset(&["sequence", "attempt", "kind", "data", "timestamp"].into()), "{entry}");
        assert_eq!((&entry["sequence"], &entry["attempt"]), (&json!(index + 1), &json!(1)));
    }
}

async fn pages_follow_each_other_without_gap(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let task = agent.task("talk").await;
    let worker = agent.worker().await;
    worker.claimed().await;
    let events: Vec<_> =
        (1..=5).map(|number| json!({ "kind": "message", "data": { "number": number }, "at": MOMENT })).collect();
    let accepted = worker.journal(&task.id, 1, 1, &json!(events)).await.expect(200);
    assert_eq!(accepted["accepted_through"], 5);

    let page = async |query: &str| {
        let call =
            client.call(Method::GET, &task.path(&format!("/events{query}"))).header("Accept", "application/json");
        call.send().await
    };
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = page(&format!("?after={after}&limit=2")).await.expect(200);
        for entry in page["data"].as_array().unwrap() {
            after = entry["sequence"].as_u64().unwrap();
            seen.push(entry["data"]["number"].as_u64().unwrap());
        }
        assert_eq!(page["pagination"]["next"], after);
        if page["pagination"]["has_more"] == false {
            break;
        }
        assert!(seen.len() < 5, "{page}");
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    for query in ["?limit=0", "?after=-1", "?after=x", "?colour=blue"] {
        page(query).await.refused(400, "validation_error");
    }
}

async fn a_repeated_entry_is_written_once(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let task = agent.task("talk").await;
    let worker = agent.worker().await;
    worker.claimed().await;
    let event = |text: &str| json!([{ "kind": "message", "data": { "text": text }, "at": MOMENT }]);
    for _ in 0..3 {
        assert_eq!(worker.journal(&task.id, 1, 1, &event("once")).await.expect(200)["accepted_through"], 1);
    }
    worker.journal(&task.id, 1, 2, &event("then")).await.expect(200);
    let texts: Vec<_> = task.journal().await.iter().map(|entry| entry["data"]["text"].clone()).collect();
    assert_eq!(texts, ["once", "then"]);
}
