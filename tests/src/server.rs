//! A running `connix serve`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::lifeline::Lifeline;
use crate::{Client, Installation, Settings, Store, model, unique};

/// Longest time from the start to the first readiness.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Contract section 12: how long an ending server may take.
const END_LIMIT: Duration = Duration::from_secs(20);

/// A search endpoint that nobody asks: a model without a script calls no tool.
const SEARCH: &str = "https://searxng.example.com";

/// A server that is running on an installation of its own. Killed, and its data removed, when dropped.
#[derive(Debug)]
pub struct Server {
    process: Running,
    /// Its folder, database and addresses.
    pub installation: Installation,
    /// The API key that the first start printed: the default organisation's owner.
    pub first_key: String,
}

/// An organisation of its own on a shared server, with a key that may do everything its owner may.
#[derive(Debug)]
pub struct Tenant {
    /// `org_…`
    pub organisation: String,
    /// Speaks with the organisation's key.
    pub client: Client,
}

#[derive(Debug)]
struct Running {
    child: Child,
    printed: Arc<Mutex<Vec<String>>>,
    _lifeline: Lifeline,
}

impl Server {
    /// The server of `store` that all cases of this test program share. Its model has no script: it answers "You said: …".
    /// Every tool of the documents' examples is configured.
    pub fn shared(store: Store) -> &'static Self {
        static SQLITE: OnceLock<Server> = OnceLock::new();
        static POSTGRES: OnceLock<Server> = OnceLock::new();
        let slot = match store {
            Store::Sqlite => &SQLITE,
            Store::Postgres => &POSTGRES,
        };
        slot.get_or_init(|| {
            Self::start(store, Settings::with_model(model::shared()).with("tools.web_search.url", SEARCH))
        })
    }

    /// A new installation on `store` and its first start.
    pub fn start(store: Store, settings: Settings) -> Self {
        Self::start_on(Installation::new(store, settings))
    }

    /// The first start of an installation.
    pub fn start_on(installation: Installation) -> Self {
        let process = Running::start(&installation);
        let first_key =
            process.printed_key().unwrap_or_else(|| panic!("the first start printed no API key: {process:?}"));
        Self { process, installation, first_key }
    }

    /// One more server on the same database.
    pub fn start_beside(&self) -> Self {
        let installation = self.installation.beside();
        let process = Running::start(&installation);
        Self { process, installation, first_key: self.first_key.clone() }
    }

    /// Starts the same installation again, after [`Self::kill`] or [`Self::terminate`]; returns the time until it was ready.
    pub fn start_again(&mut self) -> Duration {
        let begun = Instant::now();
        self.process = Running::start(&self.installation);
        begun.elapsed()
    }

    /// Kills the server outright (`kill -9`) and waits until it is gone.
    pub fn kill(&mut self) {
        self.process.end();
    }

    /// Asks the server to end (SIGTERM), and returns how it ended and when. Fails the test if it has not within 20 seconds.
    pub async fn terminate(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        kill(Pid::from_raw(self.process.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        loop {
            if let Some(status) = self.process.child.try_wait().unwrap() {
                return (status, begun.elapsed());
            }
            assert!(begun.elapsed() < END_LIMIT, "the server had not ended {END_LIMIT:?} after SIGTERM");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Process id of the running server.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// What the running server has printed on standard output, line by line.
    pub fn printed(&self) -> Vec<String> {
        self.process.printed.lock().unwrap().clone()
    }

    /// What every start of this server has written to standard error: its log.
    pub fn log(&self) -> String {
        fs::read_to_string(log_file(&self.installation)).unwrap()
    }

    /// Speaks with the first key, as the default organisation's owner.
    pub fn client(&self) -> Client {
        self.client_with(&self.first_key)
    }

    /// Speaks with `key`.
    pub fn client_with(&self, key: &str) -> Client {
        Client::new(self.installation.listen, Some(key))
    }

    /// Speaks with an access token.
    pub fn client_with_token(&self, token: &str) -> Client {
        self.anonymous().with_access_token(token)
    }

    /// Speaks without credentials.
    pub fn anonymous(&self) -> Client {
        Client::new(self.installation.listen, None)
    }

    /// A new key of `organisation` (name or id), made with the further arguments given: `&["--scopes", "read"]`.
    pub fn key(&self, organisation: &str, arguments: &[&str]) -> String {
        let name = unique("key");
        let command = [&["keys", "create", "--name", &name, "--org", organisation], arguments].concat();
        self.installation.line(&command)
    }

    /// A new organisation, so that a case can count what it finds.
    pub fn tenant(&self) -> Tenant {
        let organisation = self.installation.line(&["orgs", "create", "--name", &unique("org")]);
        let client = self.client_with(&self.key(&organisation, &[]));
        Tenant { organisation, client }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.end();
        if thread::panicking() {
            let log = self.log();
            let tail = log.lines().count().saturating_sub(60);
            eprintln!("the server's log ends with:\n{}", log.lines().skip(tail).collect::<Vec<_>>().join("\n"));
        }
    }
}

impl Running {
    fn start(installation: &Installation) -> Self {
        let log = File::options().create(true).append(true).open(log_file(installation)).unwrap();
        let mut command = installation.command(&["serve"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let lifeline = Lifeline::tie(child.id(), installation.folder());
        let printed = collect_lines(child.stdout.take().unwrap());
        let mut running = Self { child, printed, _lifeline: lifeline };
        running.await_readiness(installation);
        running
    }

    fn await_readiness(&mut self, installation: &Installation) {
        let begun = Instant::now();
        while !is_ready(installation.operations) {
            let log = || fs::read_to_string(log_file(installation)).unwrap();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status} before it was ready:\n{}", log());
            }
            assert!(begun.elapsed() < START_LIMIT, "the server was not ready after {START_LIMIT:?}:\n{}", log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The key may come a moment after readiness, since standard output is read by another thread.
    fn printed_key(&self) -> Option<String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) {
            let lines = self.printed.lock().unwrap();
            let mut words = lines.iter().flat_map(|line| line.split_whitespace());
            if let Some(key) = words.find(|word| word.starts_with("cx_")) {
                return Some(key.to_owned());
            }
            drop(lines);
            thread::sleep(Duration::from_millis(5));
        }
        None
    }

    fn end(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn log_file(installation: &Installation) -> std::path::PathBuf {
    installation.folder().join("server.log")
}

fn is_ready(operations: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(operations)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn collect_lines(stdout: ChildStdout) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            sink.lock().unwrap().push(line);
        }
    });
    lines
}
