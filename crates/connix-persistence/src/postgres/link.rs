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
    /// How long an answer may take.
    patience: Duration,
    /// A connection is replaced when it has been open for one to two times this.
    lifetime: Duration,
    current: RwLock<Option<Arc<Live>>>,
    attempts: Mutex<Attempts>,
}

impl Link {
    /// A link of the runtime that this runs on, with its first connection.
    pub(super) async fn open(address: &Arc<Address>, patience: Duration, lifetime: Duration) -> Result<Self, String> {
        let link = Self {
            address: Arc::clone(address),
            runtime: Handle::current(),
            patience,
            lifetime,
            current: RwLock::new(None),
            attempts: Mutex::default(),
        };
        link.live().await?;
        Ok(link)
    }

    /// A connection that works as far as anybody knows. One caller at a time opens a new one; meanwhile the others use the
    /// old one where it only is too old, and wait where there is none.
    pub(super) async fn live(&self) -> Result<Arc<Live>, String> {
        if let Some(live) = self.usable() {
            return Ok(live);
        }
        let mut attempts = match (self.attempts.try_lock(), self.working()) {
            (Ok(attempts), _) => attempts,
            (Err(_), Some(old)) => return Ok(old),
            (Err(_), None) => self.attempts.lock().await,
        };
        if let Some(live) = self.usable() {
            return Ok(live);
        }
        if let Some((at, why)) = attempts.failed.as_ref().filter(|(at, _)| at.elapsed() < attempts.pause) {
            let why = format!("{why} ({} ms ago)", at.elapsed().as_millis());
            return self.working().ok_or(why);
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
                self.working().ok_or(why)
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

    /// Reads; once more on a new connection when this one was lost, but not when it is silent: it has been waited for.
    pub(super) async fn read<T>(
        &self,
        send: impl Fn(&AsyncPgConnection) -> BoxFuture<'_, QueryResult<T>> + Send + Sync,
    ) -> Result<T, ReadError> {
        let live = self.live().await.map_err(ReadError::Unavailable)?;
        match self.answered(&live, send(&live)).await.map_err(unavailable)? {
            Err(error) if matches!(judge(&error), Trouble::Lost | Trouble::Ended) => {
                tracing::info!(%error, "a read is sent again on a new connection");
                self.discard(&live);
                let live = self.live().await.map_err(ReadError::Unavailable)?;
                self.answered(&live, send(&live)).await.map_err(unavailable)?.map_err(unavailable)
            }
            other => other.map_err(unavailable),
        }
    }

    /// Waits for an answer. A connection that stays silent is given up.
    pub(super) async fn answered<T>(&self, live: &Arc<Live>, sent: impl Future<Output = T>) -> Result<T, Silence> {
        tokio::time::timeout(self.patience, sent).await.map_err(|_| {
            self.discard(live);
            Silence(self.patience)
        })
    }

    fn current(&self) -> Option<Arc<Live>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection that is not too old to be used either.
    fn usable(&self) -> Option<Arc<Live>> {
        self.working().filter(|live| Instant::now() < live.until)
    }

    /// A connection that works, however old: better than none where no new one can be opened.
    fn working(&self) -> Option<Arc<Live>> {
        self.current().filter(|live| !live.session.has_ended())
    }

    async fn connect(&self) -> Result<Arc<Live>, String> {
        let address = Arc::clone(&self.address);
        let opening = self.runtime.spawn(async move { address.connect(Purpose::Service).await });
        let session = opening.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let share = (RandomState::new().hash_one(0) % 100) as u32;
        Ok(Arc::new(Live { session, until: Instant::now() + self.lifetime + self.lifetime * share / 100 }))
    }
}

/// No answer came in time.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} ms", .0.as_millis())]
pub(super) struct Silence(Duration);

fn unavailable(error: impl std::fmt::Display) -> ReadError {
    ReadError::Unavailable(error.to_string())
}
