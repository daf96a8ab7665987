//! Where one Connix lives: its data folder, database, addresses and settings. Outlives the processes that serve it.

use std::fs::{self, DirBuilder};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::environment::isolate;
use crate::{Database, Store, connix};

/// Settings by the name they have in the environment, `CONNIX_SECTION__KEY`.
#[derive(Clone, Debug)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// What tests want unless they say otherwise: no rate limits.
    pub fn for_tests() -> Self {
        Self(vec![("CONNIX_RATE_LIMITS__ENABLED".into(), "false".into())])
    }

    /// These with one more, `key` written as in the documentation: `llm.base_url`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.push((format!("CONNIX_{}", key.replace('.', "__").to_uppercase()), value.into()));
        self
    }
}

/// A data folder and database of its own, with two free ports.
#[derive(Debug)]
pub struct Installation {
    folder: TempDir,
    database: Arc<Database>,
    settings: Settings,
    /// Where the API is served.
    pub listen: SocketAddr,
    /// Where health and metrics are served.
    pub operations: SocketAddr,
}

impl Installation {
    /// A new one on `store`; nothing runs yet.
    pub fn new(store: Store, settings: Settings) -> Self {
        let ports = [free_port(), free_port()];
        let [listen, operations] = ports.map(|port| port.local_addr().unwrap());
        let folder = TempDir::with_prefix("connix-test-").unwrap();
        Self { folder, database: Arc::new(Database::fresh(store)), settings, listen, operations }
    }

    /// One more on the same database, under the same master key.
    ///
    /// # Panics
    /// On the embedded store, whose folder one server has to itself.
    pub fn beside(&self) -> Self {
        assert!(self.database.url().is_some(), "only a database server can be shared");
        let ports = [free_port(), free_port()];
        let [listen, operations] = ports.map(|port| port.local_addr().unwrap());
        let folder = TempDir::with_prefix("connix-test-").unwrap();
        let other =
            Self { folder, database: self.database.clone(), settings: self.settings.clone(), listen, operations };
        DirBuilder::new().mode(0o700).create(other.data_folder()).unwrap();
        fs::copy(self.data_folder().join("master.key"), other.data_folder().join("master.key")).unwrap();
        other
    }

    /// `connix` with `arguments`, with this installation's folder, store and settings, and nothing else of our environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(connix());
        isolate(&mut command, self.settings.0.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        command.current_dir(self.folder.path()).args(arguments).arg("--data-dir").arg(self.data_folder());
        command.env("CONNIX_SERVER__LISTEN", self.listen.to_string());
        command.env("CONNIX_OPERATIONS__LISTEN", self.operations.to_string());
        if let Some(url) = self.database.url() {
            command.env("DATABASE_URL", url);
        }
        command
    }

    /// Gives a setting another value from the next command on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings = self.settings.clone().with(key, value);
    }

    /// The folder given as `--data-dir`.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of the projects' workspaces.
    pub fn workspaces(&self) -> PathBuf {
        self.data_folder().join("workspaces")
    }

    /// Lets the users that programs run as come past the folders around the workspaces: without namespaces they must.
    pub fn open_workspaces(&self) {
        let workspaces = self.workspaces();
        fs::create_dir_all(&workspaces).unwrap();
        for folder in [workspaces.as_path(), &self.data_folder(), self.folder()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).unwrap();
        }
    }

    /// The folder around it, for what the harness keeps beside.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a script in the store, beside the server: in SQLite's words or in PostgreSQL's.
    ///
    /// # Panics
    /// When the script fails.
    pub async fn execute(&self, sqlite: &str, postgres: &str) {
        self.try_execute(sqlite, postgres).await.unwrap();
    }

    /// The same with a script that the store may refuse.
    ///
    /// # Errors
    /// Why it does.
    pub async fn try_execute(&self, sqlite: &str, postgres: &str) -> Result<(), String> {
        match self.database.url() {
            Some(_) => self.database.try_execute(postgres).await.map_err(|error| format!("{error:?}")),
            None => {
                let connection = rusqlite::Connection::open(self.data_folder().join("connix.db")).unwrap();
                connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
                connection.execute_batch(sqlite).map_err(|error| error.to_string())
            }
        }
    }

    /// Moves a time that the store keeps in some rows of a table back, as if so many seconds had gone by for them.
    pub async fn turn_back(&self, table: &str, column: &str, seconds: u32, rows: &str) {
        let micros = u64::from(seconds) * 1_000_000;
        let sqlite = format!("UPDATE {table} SET {column} = {column} - {micros} WHERE {rows}");
        let postgres = format!("UPDATE {table} SET {column} = {column} - interval '{seconds} seconds' WHERE {rows}");
        self.execute(&sqlite, &postgres).await;
    }

    /// The database, of PostgreSQL only.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}
