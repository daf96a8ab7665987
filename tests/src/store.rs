//! The two stores, and a database of its own for each server on PostgreSQL.

use std::path::Path;
use std::sync::Once;
use std::thread;

use reqwest::Url;
use tokio_postgres::{Client, NoTls};

use crate::unique;

/// Where a server under test keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The embedded store: a file in the server's data folder.
    Sqlite,
    /// A database made for this server on the PostgreSQL server that `TEST_DATABASE_URL` names.
    Postgres,
}

/// Every database of this harness, and no other test's, is called so, then the test program's process id, then a number.
const PREFIX: &str = "connix_outside_";

/// A database that no other server uses; dropped with this value.
#[derive(Debug)]
pub struct Database {
    name: Option<String>,
}

impl Database {
    /// A fresh one for `store`. Fails the test when PostgreSQL is asked for and `TEST_DATABASE_URL` is not set: a store that
    /// was not tested must not look as if it were.
    pub fn fresh(store: Store) -> Self {
        let name = match store {
            Store::Sqlite => None,
            Store::Postgres => {
                sweep_once();
                let name = unique(&format!("{PREFIX}{}", std::process::id())).replace('-', "_");
                administer(format!("CREATE DATABASE {name}"));
                Some(name)
            }
        };
        Self { name }
    }

    /// The URL to give to a server; none for the embedded store, which makes its own file.
    pub fn url(&self) -> Option<String> {
        self.name.as_deref().map(|name| {
            let mut url = admin_url();
            url.set_path(name);
            url.into()
        })
    }

    /// Every row of every table as text, to look for what must not be there.
    ///
    /// # Panics
    /// For the embedded store, whose file can be read as it is.
    pub async fn dump(&self) -> String {
        let client = self.session().await;
        let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
                      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
        let mut dump = String::new();
        for table in client.query(tables, &[]).await.unwrap() {
            let table: String = table.get(0);
            for row in client.query(&format!("SELECT t::text FROM {table} t"), &[]).await.unwrap() {
                dump += &row.get::<_, String>(0);
                dump.push('\n');
            }
        }
        dump
    }

    /// Runs a script.
    ///
    /// # Panics
    /// For the embedded store, and when the script fails.
    pub async fn execute(&self, script: &str) {
        self.try_execute(script).await.unwrap();
    }

    /// Runs a script that may be refused.
    ///
    /// # Errors
    /// What the database says.
    ///
    /// # Panics
    /// For the embedded store.
    pub async fn try_execute(&self, script: &str) -> Result<(), tokio_postgres::Error> {
        self.session().await.batch_execute(script).await
    }

    /// A session beside the server's, for all organisations.
    async fn session(&self) -> Client {
        let url = self.url().expect("the embedded store is a file");
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET app.org = '*'").await.unwrap();
        client
    }

    /// Cuts every connection and refuses new ones until [`Self::allow_connections`].
    ///
    /// # Panics
    /// For the embedded store, which has no connections.
    pub fn refuse_connections(&self) {
        let name = self.name.as_deref().expect("only a database server can refuse connections");
        administer(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
        administer(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    }

    /// Ends what [`Self::refuse_connections`] began.
    pub fn allow_connections(&self) {
        let name = self.name.as_deref().expect("only a database server can refuse connections");
        administer(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            administer(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn admin_url() -> Url {
    let url = std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: name a PostgreSQL server where databases may be created, \
         such as postgres://postgres@127.0.0.1/postgres (`make test` starts one)",
    );
    url.parse().expect("TEST_DATABASE_URL is not a URL")
}

/// Drops the databases of test programs that ended without dropping theirs.
fn sweep_once() {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(|| {
        on_admin_connection(async |client| {
            let rows = client.query("SELECT datname::text FROM pg_database", &[]).await.unwrap();
            for name in rows.iter().map(|row| row.get::<_, String>(0)).filter(|name| is_left_over(name)) {
                // Another test program may be dropping it at this moment.
                _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            }
        });
    });
}

fn is_left_over(database: &str) -> bool {
    let owner = database.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next());
    owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
}

fn administer(statement: String) {
    on_admin_connection(async move |client| client.batch_execute(&statement).await.unwrap());
}

/// Runs `work` on a thread with a runtime of its own, since callers are destructors and cases inside a runtime.
fn on_admin_connection(work: impl AsyncFnOnce(&Client) + Send + 'static) {
    let done = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let url = admin_url();
            let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await.unwrap();
            let driver = tokio::spawn(connection);
            work(&client).await;
            drop(client);
            driver.await.unwrap().unwrap();
        });
    });
    if let Err(cause) = done.join() {
        std::panic::resume_unwind(cause);
    }
}
