//! Rate limits over three real servers of one PostgreSQL database: 24 connections send as fast as they can, and in each minute
//! exactly the limit passes. The whole campaign goes through two real minutes, with all other tests it is ten seconds long.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use connix_tests::{Server, Settings, Store};
use futures_util::future::join_all;

const CONNECTIONS: usize = 24;
const LIMIT: usize = 500;

/// When the campaign ends.
fn end() -> u64 {
    match std::env::var("CONNIX_SOAK").as_deref() {
        Ok("full") => (seconds() / 60 + 3) * 60,
        _ => seconds() + 10,
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// G9, R07.
#[tokio::test]
async fn over_three_servers_exactly_the_limit_passes_in_each_minute() {
    let settings = Settings::for_tests().with("rate_limits.enabled", "true");
    let settings = settings.with("rate_limits.requests_per_minute", LIMIT.to_string());
    let first = Server::start(Store::Postgres, settings.with("rate_limits.requests_per_hour", "1000000"));
    let servers = [first.start_beside(), first.start_beside()];
    let servers: Vec<_> = servers.iter().chain([&first]).collect();

    let end = end();
    let connections = (0..CONNECTIONS).map(|connection| {
        let client = servers[connection % servers.len()].client();
        async move {
            let mut windows: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
            while seconds() < end {
                let answer = client.get("/api/v1/hello").await;
                let reset: u64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
                let (sent, passed) = windows.entry(reset).or_default();
                *sent += 1;
                match answer.status {
                    200 => *passed += 1,
                    status => assert_eq!(status, 429),
                }
            }
            windows
        }
    });
    let mut windows: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (window, (sent, passed)) in join_all(connections).await.into_iter().flatten() {
        let of_all = windows.entry(window).or_default();
        *of_all = (of_all.0 + sent, of_all.1 + passed);
    }
    println!("requests that passed of those sent, by the end of their minute: {windows:?}");
    assert!(windows.values().any(|(sent, _)| *sent > LIMIT), "too few were sent: {windows:?}");
    for (window, (sent, passed)) in windows {
        assert_eq!(passed, sent.min(LIMIT), "the minute that ends at {window}");
    }
}
