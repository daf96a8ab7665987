//! The databases that tests work on: new SQLite files, and databases of the PostgreSQL server that TEST_DATABASE_URL names.

use async_trait::async_trait;
use connix_domain::port::store::Store;
use connix_persistence::{Database, DatabaseUrl, Options, migrate, revert_all};
use connix_testkit::contract::Subject;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

/// An open database. What it is kept in goes with it.
pub(crate) struct Opened {
    pub(crate) url: DatabaseUrl,
    pub(crate) database: Database,
    options: Options,
    _place: Place,
}

/// Where a database is kept.
pub(crate) enum Place {
    /// A folder that is removed.
    Folder { folder: TempDir },
    /// A database of the server that is removed.
    Own { name: String },
    /// A database of the server that many tests share: it stays.
    Shared,
}

impl Opened {
    /// A new SQLite file, whose schema went up, down and up again.
    pub(crate) async fn sqlite() -> Self {
        let (url, place) = new_file();
        up_and_down(&url).await;
        Self::at(url, place, Options::default()).await
    }

    /// The database that cases of the contract share: they work in organisations of their own.
    pub(crate) async fn postgres() -> Self {
        Self::at(shared_database().await, Place::Shared, Options::default()).await
    }

    /// The same, with every group of commits under savepoints from its first failure on.
    pub(crate) async fn postgres_under_savepoints() -> Self {
        let options = Options { culprits: 0, ..Options::default() };
        Self::at(shared_database().await, Place::Shared, options).await
    }

    pub(crate) async fn at(url: DatabaseUrl, place: Place, options: Options) -> Self {
        let database = Database::open(&url, options.clone()).await.unwrap();
        Self { url, database, options, _place: place }
    }
}

#[async_trait]
impl Subject for Opened {
    fn store(&self) -> Arc<dyn Store> {
        self.database.store()
    }
    async fn another(&self) -> Arc<dyn Store> {
        Database::open(&self.url, self.options.clone()).await.unwrap().store()
    }
}

/// A place for a SQLite file.
pub(crate) fn new_file() -> (DatabaseUrl, Place) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("connix.db").display()).parse().unwrap();
    (url, Place::Folder { folder })
}

/// An empty database of its own.
pub(crate) async fn new_database() -> (DatabaseUrl, Place) {
    let name = format!("connix_test_{:016x}", connix_testkit::ids::chance());
    execute(&[format!("CREATE DATABASE {name}")]).await.unwrap();
    (url_of(&name), Place::Own { name })
}

/// The database that tests share, named after its schema, which went up, down and up again.
async fn shared_database() -> DatabaseUrl {
    let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres")).unwrap();
    let mut migrations: Vec<_> = folder.map(|migration| migration.unwrap().path().join("up.sql")).collect();
    migrations.sort();
    let schema: String = migrations.iter().map(|up| fs::read_to_string(up).unwrap()).collect();
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let name = format!("connix_contract_{:016x}", schema.bytes().fold(0xcbf2_9ce4_8422_2325, fnv));
    let url = as_ordinary(&url_of(&name));
    // one at a time, since each test can be a process of its own
    let mut connection = AsyncPgConnection::establish(&server()).await.unwrap();
    diesel::sql_query("SELECT pg_advisory_lock(7262839)").execute(&mut connection).await.unwrap();
    made(&mut connection, ORDINARY).await;
    if made(&mut connection, &format!("CREATE DATABASE {name} OWNER connix_ordinary")).await {
        up_and_down(&url).await;
    }
    url
}

/// A role as operators make it for the service. Unlike superusers it is bound by row-level security.
const ORDINARY: &str = "CREATE ROLE connix_ordinary LOGIN PASSWORD 'ordinary'";

/// Makes something that may be there already; says whether it was not.
async fn made(connection: &mut AsyncPgConnection, statement: &str) -> bool {
    let made = diesel::sql_query(statement).execute(connection).await;
    made.inspect_err(|error| assert!(error.to_string().contains("already exists"), "{error}")).is_ok()
}

/// An empty database of its own that belongs to an ordinary role.
pub(crate) async fn new_database_of_an_ordinary_role() -> (DatabaseUrl, Place) {
    let (url, place) = new_database().await;
    let Place::Own { name } = &place else { unreachable!() };
    let mut connection = AsyncPgConnection::establish(&server()).await.unwrap();
    diesel::sql_query("SELECT pg_advisory_lock(7262839)").execute(&mut connection).await.unwrap();
    made(&mut connection, ORDINARY).await;
    execute(&[format!("ALTER DATABASE {name} OWNER TO connix_ordinary")]).await.unwrap();
    (as_ordinary(&url), place)
}

/// A database's URL for the ordinary role.
fn as_ordinary(url: &DatabaseUrl) -> DatabaseUrl {
    let DatabaseUrl::Postgres { url } = url else { unreachable!("roles are PostgreSQL's alone") };
    let (_, place) = url.split_once("://").unwrap();
    let place = place.split_once('@').map_or(place, |(_, place)| place);
    format!("postgres://connix_ordinary:ordinary@{place}").parse().unwrap()
}

/// The contract holds for a schema that was taken back once, too.
async fn up_and_down(url: &DatabaseUrl) {
    migrate(url, &Options::default()).await.unwrap();
    revert_all(url).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the way in which `make test` names the server")]
fn server() -> String {
    std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL has to name a PostgreSQL server in which databases may be made, such as \
         postgres://user@127.0.0.1:5432/postgres; `make test` starts one and sets it",
    )
}

/// Sends statements to the server on a connection of their own.
pub(crate) async fn execute(statements: &[String]) -> diesel::QueryResult<()> {
    let mut connection = AsyncPgConnection::establish(&server()).await.unwrap();
    for statement in statements {
        diesel::sql_query(statement).execute(&mut connection).await?;
    }
    Ok(())
}

/// A session with a database, beside those of the store.
pub(crate) async fn session(url: &DatabaseUrl) -> AsyncPgConnection {
    let DatabaseUrl::Postgres { url } = url else { unreachable!("sessions are PostgreSQL's alone") };
    AsyncPgConnection::establish(url).await.unwrap()
}

/// Sends scripts of many statements to a database.
pub(crate) async fn execute_on(url: &DatabaseUrl, scripts: &[&str]) {
    for script in scripts {
        try_execute_on(url, script).await.unwrap();
    }
}

/// Runs a script on a database of the server, which may refuse it.
pub(crate) async fn try_execute_on(url: &DatabaseUrl, script: &str) -> diesel::QueryResult<()> {
    session(url).await.batch_execute(script).await
}

/// The host and port of a URL.
pub(crate) fn address_of(url: &str) -> String {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().to_owned();
    if host.contains(':') { host } else { format!("{host}:5432") }
}

/// The server's URL with another database.
fn url_of(name: &str) -> DatabaseUrl {
    let server = server();
    let (address, parameters) = server.split_once('?').map_or((server.as_str(), None), |(a, p)| (a, Some(p)));
    let host = address.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let parameters = parameters.map(|p| format!("?{p}")).unwrap_or_default();
    format!("postgres://{host}/{name}{parameters}").parse().unwrap()
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Own { name } = self else { return };
        let statement = format!("DROP DATABASE {name} WITH (FORCE)");
        let remove = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&[statement]))
        };
        // a thread of its own, since this one is inside a runtime
        let removed = std::thread::spawn(remove).join();
        assert!(std::thread::panicking() || matches!(removed, Ok(Ok(()))), "{removed:?}");
    }
}
