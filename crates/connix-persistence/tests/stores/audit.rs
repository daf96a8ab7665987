//! The audit log is only added to, also for who has the database's own tools.

use crate::databases::{new_database, new_file, try_execute_on};
use connix_domain::change_set::Change;
use connix_domain::port::store::Store;
use connix_persistence::{Database, DatabaseUrl, Options};
use connix_testkit::contract::{Shared, Tenant};
use connix_testkit::samples;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use std::sync::Arc;

const CHANGE: &str = "UPDATE audit SET outcome = 'done'";
const REMOVE: &str = "DELETE FROM audit";

async fn with_an_entry(url: &DatabaseUrl) -> Database {
    let database = Database::open(url, Options::default()).await.unwrap();
    let store: Arc<dyn Store> = database.store();
    let tenant = Tenant::new(&Shared(store)).await;
    tenant.must([Change::Audit(samples::full_audit_entry(tenant.org()))]).await;
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_refuses_to_change_or_remove_an_entry() {
    let (url, _place) = new_file();
    let database = with_an_entry(&url).await;
    let DatabaseUrl::Sqlite { path } = &url else { panic!("a file") };
    let mut connection = diesel::SqliteConnection::establish(path).unwrap();
    for statement in [CHANGE, REMOVE] {
        let refused = connection.batch_execute(statement).unwrap_err();
        assert!(refused.to_string().contains("only added to"), "{statement}: {refused}");
    }
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_refuses_to_change_or_remove_an_entry() {
    let (url, _place) = new_database().await;
    let database = with_an_entry(&url).await;
    for statement in [CHANGE, REMOVE, "TRUNCATE audit"] {
        let refused = try_execute_on(&url, statement).await.unwrap_err();
        assert!(refused.to_string().contains("only added to"), "{statement}: {refused}");
    }
    database.close().await;
}
