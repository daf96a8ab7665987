//! What the server has acknowledged outlives it.

use std::collections::BTreeSet;

use connix_tests::{Server, Settings, Store, with_every_store};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

with_every_store![every_acknowledged_project_outlives_a_kill];

async fn every_acknowledged_project_outlives_a_kill(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    // Eight writers go on until the server is gone; each remembers what it was told was made.
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    let name = format!("kept-{writer}-{number}");
                    let call = client.call(Method::POST, "/api/v1/projects").json(&json!({ "name": name }));
                    match call.try_send().await {
                        Ok(answer) if answer.status == 201 => acknowledged.push(name),
                        _ => break,
                    }
                }
                acknowledged
            })
        })
        .collect();
    let made = async || client.get("/api/v1/projects?limit=1").await.expect(200)["pagination"]["total"].as_u64();
    connix_tests::eventually("a hundred projects", async || made().await.filter(|total| *total > 100)).await;
    server.kill();
    let acknowledged: BTreeSet<_> = join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();

    server.start_again();
    let mut found = BTreeSet::new();
    for page in 1.. {
        let page = client.get(&format!("/api/v1/projects?limit=100&page={page}&search=kept-")).await.expect(200);
        found.extend(
            page["projects"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap().to_owned()),
        );
        if page["pagination"]["has_next"] == false {
            break;
        }
    }
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty() && acknowledged.len() >= 100, "{} acknowledged, lost: {lost:?}", acknowledged.len());
}
