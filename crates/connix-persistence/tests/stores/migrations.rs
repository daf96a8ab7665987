//! Migrations: up, down and up again; by several processes at once. (The contract suite runs on schemas that went that way.)

use crate::databases::{new_database, new_file};
use connix_persistence::{Database, DatabaseUrl, Options, migrate, revert_all};
use connix_testkit::contract::{Shared, Tenant};
use futures_util::future::join_all;

async fn up_down_and_up_again(url: &DatabaseUrl) {
    let all = migrate(url).await.unwrap();
    assert!(all >= 1);
    assert_eq!(migrate(url).await.unwrap(), 0);
    assert_eq!(revert_all(url).await.unwrap(), all);
    assert_eq!(revert_all(url).await.unwrap(), 0);
    assert_eq!(migrate(url).await.unwrap(), all);
}

/// As replicas do that start at the same time.
async fn opened_by_many_at_once(url: &DatabaseUrl) {
    let opening = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let database = Database::open(&url, Options::default()).await.unwrap();
            Tenant::new(&Shared(database.store())).await.project("made-at-once").await;
            database.close().await;
        })
    });
    for opened in join_all(opening.collect::<Vec<_>>()).await {
        opened.unwrap();
    }
    assert_eq!(migrate(url).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_goes_up_down_and_up_again() {
    let (url, _place) = new_file();
    up_down_and_up_again(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_goes_up_down_and_up_again() {
    let (url, _place) = new_database().await;
    up_down_and_up_again(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_sqlite_file_is_opened_by_many_at_once() {
    let (url, _place) = new_file();
    opened_by_many_at_once(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_postgres_database_is_opened_by_many_at_once() {
    let (url, _place) = new_database().await;
    opened_by_many_at_once(&url).await;
}
