//! The application: the ports it needs and what it remembers between calls.

use crate::console::{Guesses, PasswordBench};
use crate::equipment::Found;
use crate::error::Error;
use crate::failed_credentials::FailedCredentials;
use crate::known_credentials::KnownCredentials;
use crate::metering::Meters;
use crate::numbers::Numbers;
use crate::oauth::{ClientOrigins, KeyRing};
use crate::presence::Presence;
use crate::redaction::Redactors;
use crate::settings::Settings;
use crate::wakeups::Wakeups;
use crate::watchdog::Watchdog;
use connix_domain::Timestamp;
use connix_domain::port::clock::{Clock, IdSource};
use connix_domain::port::limits::Limits;
use connix_domain::port::metrics::Metrics;
use connix_domain::port::oauth::{AccessTokens, OpaqueCredentials, Passwords};
use connix_domain::port::runtime::AgentRuntime;
use connix_domain::port::secrets::{Credentials, Sealer};
use connix_domain::port::store::Store;
use connix_domain::port::tools::Equipment;
use connix_domain::port::upstream::UpstreamProvider;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the application is given.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Makes and reads credentials.
    pub credentials: Arc<dyn Credentials>,
    /// Makes and reads client secrets, codes, refresh tokens and sessions.
    pub opaque: Arc<dyn OpaqueCredentials>,
    /// Signs and verifies access tokens.
    pub tokens: Arc<dyn AccessTokens>,
    /// Hashes passwords.
    pub passwords: Arc<dyn Passwords>,
    /// Encrypts secrets at rest.
    pub sealer: Arc<dyn Sealer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub ids: Arc<dyn IdSource>,
    /// What is counted.
    pub metrics: Arc<dyn Metrics>,
    /// Runs the workers of local agents.
    pub runtime: Arc<dyn AgentRuntime>,
    /// What agents could work with.
    pub equipment: Arc<dyn Equipment>,
    /// Budgets of requests and tokens.
    pub limits: Arc<dyn Limits>,
    /// Who lets people sign in besides us; `None` until the operator sets one.
    pub upstream: Option<Upstream>,
}

/// The operator's OpenID Connect provider.
#[derive(Clone)]
pub struct Upstream {
    /// What people call it.
    pub name: String,
    /// Speaks to it.
    pub provider: Arc<dyn UpstreamProvider>,
}

/// The store's answer holds this long.
const CHECK_KEPT: Duration = Duration::from_secs(1);

/// The application.
pub struct App {
    pub(crate) ports: Ports,
    pub(crate) settings: Settings,
    pub(crate) known_credentials: KnownCredentials,
    pub(crate) failures: FailedCredentials,
    pub(crate) key_ring: KeyRing,
    pub(crate) origins: ClientOrigins,
    pub(crate) guesses: Guesses,
    pub(crate) password_bench: PasswordBench,
    pub(crate) redactors: Redactors,
    pub(crate) numbers: Numbers,
    pub(crate) presence: Presence,
    pub(crate) meters: Meters,
    pub(crate) wakeups: Wakeups,
    pub(crate) watchdog: Watchdog,
    pub(crate) equipment: Found,
    leaving: AtomicBool,
    started: Instant,
    store_checked: tokio::sync::Mutex<Option<(Instant, Result<(), Error>)>>,
}

impl App {
    /// The application on these ports.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self {
            ports,
            settings,
            known_credentials: KnownCredentials::new(),
            failures: FailedCredentials::new(),
            key_ring: KeyRing::default(),
            origins: ClientOrigins::default(),
            guesses: Guesses::new(),
            password_bench: PasswordBench::new(),
            redactors: Redactors::new(),
            numbers: Numbers::default(),
            presence: Presence::default(),
            meters: Meters::default(),
            wakeups: Wakeups::default(),
            watchdog: Watchdog::default(),
            equipment: Found::default(),
            leaving: AtomicBool::new(false),
            started: Instant::now(),
            store_checked: tokio::sync::Mutex::default(),
        }
    }

    /// The settings it works by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
    /// What is counted.
    pub fn metrics(&self) -> &dyn Metrics {
        self.ports.metrics.as_ref()
    }
    /// For how many whole seconds it has been up.
    pub fn uptime_seconds(&self) -> u64 {
        self.started.elapsed().as_secs()
    }
    /// Whether the store answers. Asked at most once a second, however many want to know: it is a durable write.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with the reason, for the log.
    pub async fn check_store(&self) -> Result<(), Error> {
        let mut checked = self.store_checked.lock().await;
        let fresh = checked.as_ref().filter(|(at, _)| at.elapsed() < CHECK_KEPT);
        if let Some((_, result)) = fresh {
            return result.clone();
        }
        let result = self.ports.store.ping().await.map_err(Error::from);
        *checked = Some((Instant::now(), result.clone()));
        result
    }
    /// From now on the service is ending: nothing is launched any more, and who waits for something is answered at once.
    pub fn begin_leaving(&self) {
        self.leaving.store(true, Ordering::SeqCst);
        self.wakeups.everybody();
    }
    /// Whether the service is ending.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.ports.store.as_ref()
    }
    /// The time.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }
}
