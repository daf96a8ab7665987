//! Migrations: up, down and up again; by several processes at once. (The contract suite runs on schemas that went that way.)

use crate::databases::{new_database, new_file};
use connix_persistence::{Database, DatabaseUrl, OpenError, Options, migrate, revert_all};
use connix_testkit::contract::{Shared, Tenant};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::join_all;
use std::time::Duration;

async fn up_down_and_up_again(url: &DatabaseUrl) {
    let all = migrate(url, &Options::default()).await.unwrap();
    assert!(all >= 1);
    assert_eq!(migrate(url, &Options::default()).await.unwrap(), 0);
    assert_eq!(revert_all(url).await.unwrap(), all);
    assert_eq!(revert_all(url).await.unwrap(), 0);
    assert_eq!(migrate(url, &Options::default()).await.unwrap(), all);
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
    assert_eq!(migrate(url, &Options::default()).await.unwrap(), 0);
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

/// A store that opens while somebody else is in the midst of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_does_not_end_is_given_up_with_its_name() {
    let (url, _place) = new_database().await;
    let DatabaseUrl::Postgres { url: address } = &url else { unreachable!("it is one of PostgreSQL") };
    let mut other = AsyncPgConnection::establish(address).await.unwrap();
    diesel::sql_query("SELECT pg_advisory_lock(109308430821752)").execute(&mut other).await.unwrap();
    let options = Options { migration_patience: Duration::from_millis(200), ..Options::default() };
    let refused = Database::open(&url, options.clone()).await.err();
    assert!(matches!(refused, Some(OpenError::Migrating(_))), "{refused:?}");
    drop(other);
    Database::open(&url, Options::default()).await.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_holds_is_given_up_with_its_name() {
    let (url, _place) = new_file();
    let DatabaseUrl::Sqlite { path } = &url else { unreachable!("it is one of SQLite") };
    migrate(&url, &Options::default()).await.unwrap();
    let mut other = SqliteConnection::establish(path).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = migrate(&url, &Options::default()).await.err();
    assert!(matches!(refused, Some(OpenError::Migrating(_))), "{refused:?}");
}
