//! A connection that is opened again when it is lost, or has been open for long.

use super::session::{Address, Purpose, Session};
use super::trouble::{Trouble, judge};
use connix_domain::port::store::ReadError;
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::future::BoxFuture;
use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

/// A connection is replaced after two to five minutes: names move, and servers are demoted (`reliability.md` 2.15).
const SHORTEST_LIFE: Duration = Duration::from_secs(120);
const LIFE_SPREAD: u64 = 180;

/// After a failed attempt others fail at once for a while, which doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// An open session.
pub(super) struct Live {
    session: Session,
    until: Instant,
}

impl Deref for Live {
    type Target = AsyncPgConnection;
    fn deref(&self) -> &AsyncPgConnection {
        &self.session.connection
    }
}

/// The last attempts to connect.
#[derive(Default)]
struct Attempts {
    failed: Option<(Instant, String)>,
    pause: Duration,
}

pub(super) struct Link {
    address: Arc<Address>,
    /// The runtime that connections live on: they are asked for by threads whose own runtime may end sooner.
    runtime: Handle,
    current: RwLock<Option<Arc<Live>>>,
    attempts: Mutex<Attempts>,
}

impl Link {
    /// A link of the runtime that this runs on, with its first connection.
    pub(super) async fn open(address: &Arc<Address>) -> Result<Self, String> {
        let link = Self {
            address: Arc::clone(address),
            runtime: Handle::current(),
            current: RwLock::new(None),
            attempts: Mutex::default(),
        };
        link.live().await?;
        Ok(link)
    }

    /// A connection that works as far as anybody knows. One caller at a time opens it; the others wait for that one.
    pub(super) async fn live(&self) -> Result<Arc<Live>, String> {
        if let Some(live) = self.usable() {
            return Ok(live);
        }
        let mut attempts = self.attempts.lock().await;
        if let Some(live) = self.usable() {
            return Ok(live);
        }
        if let Some((at, why)) = attempts.failed.as_ref().filter(|(at, _)| at.elapsed() < attempts.pause) {
            return Err(format!("{why} ({} ms ago)", at.elapsed().as_millis()));
        }
        match self.connect().await {
            Ok(live) => {
                *attempts = Attempts::default();
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&live));
                Ok(live)
            }
            Err(why) => {
                attempts.pause = (attempts.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                attempts.failed = Some((Instant::now(), why.clone()));
                self.current().filter(|old| !old.session.has_ended()).ok_or(why)
            }
        }
    }

    /// Gives a connection up that somebody found to be of no use.
    pub(super) fn discard(&self, useless: &Arc<Live>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|live| Arc::ptr_eq(live, useless)) {
            *current = None;
        }
    }

    /// Reads; once more on a new connection when this one was lost.
    pub(super) async fn read<T>(
        &self,
        send: impl Fn(&AsyncPgConnection) -> BoxFuture<'_, QueryResult<T>> + Send + Sync,
    ) -> Result<T, ReadError> {
        let live = self.live().await.map_err(ReadError::Unavailable)?;
        let result = send(&live).await;
        match result {
            Err(error) if matches!(judge(&error), Trouble::Lost | Trouble::Ended) => {
                tracing::info!(%error, "a read is sent again on a new connection");
                self.discard(&live);
                let live = self.live().await.map_err(ReadError::Unavailable)?;
                send(&live).await.map_err(unavailable)
            }
            other => other.map_err(unavailable),
        }
    }

    fn current(&self) -> Option<Arc<Live>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn usable(&self) -> Option<Arc<Live>> {
        self.current().filter(|live| !live.session.has_ended() && Instant::now() < live.until)
    }

    async fn connect(&self) -> Result<Arc<Live>, String> {
        let address = Arc::clone(&self.address);
        let opening = self.runtime.spawn(async move { address.connect(Purpose::Service).await });
        let session = opening.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let spread = RandomState::new().hash_one(0) % LIFE_SPREAD;
        Ok(Arc::new(Live { session, until: Instant::now() + SHORTEST_LIFE + Duration::from_secs(spread) }))
    }
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> ReadError {
    ReadError::Unavailable(error.to_string())
}
