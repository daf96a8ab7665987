//! Following what grows: an agent's log, a task's journal.
//!
//! The store is the truth and is read by a cursor, page by page, as fast as whoever follows takes them; wake-ups only make it
//! quick. Whoever follows is judged again and again: a credential that was revoked, or an agent that was deleted, ends it.

mod journal;
mod log;

pub use journal::{JournalFollower, Step};
pub use log::{LogFollower, LogStart};

use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::Error;
use connix_domain::permission::Permission;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Whoever follows looks again after this time even if nobody woke them: another server may have written.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Whoever follows is judged again after this time.
const JUDGED_AGAIN: Duration = Duration::from_secs(2);
/// So much is read at once.
const PAGE: i64 = 100;

/// What a follower is given next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next<T> {
    /// There is more.
    More(T),
    /// There was nothing for as long as it was to be waited.
    Quiet,
    /// There will be nothing more.
    Over(Over),
}

/// Why there will be nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// It has been told to the end.
    Told,
    /// What is followed is gone, or not for this caller any more.
    Gone,
    /// This server is ending; another one goes on.
    Leaving,
}

/// What one look has found.
enum Look<T> {
    /// Something to be told.
    Found(T),
    /// Nothing so far, and there is more to be looked at.
    Unfinished,
    /// Nothing, to the end.
    Nothing,
}

/// Who follows something of which agent.
struct Watch {
    app: Arc<App>,
    caller: Caller,
    needs: Permission,
    project: ProjectRef,
    agent: String,
    news: Arc<Notify>,
    /// When the caller was last judged; `None` when something happened since.
    judged: Option<Instant>,
}

impl Watch {
    /// Looks until there is something, at most `longest`. However much is looked through for nothing, this ends in time.
    async fn until<T>(
        &mut self,
        longest: Duration,
        mut look: impl AsyncFnMut(&App) -> Result<Look<T>, Error>,
    ) -> Result<Next<T>, Error> {
        let end = Instant::now() + longest;
        let news = Arc::clone(&self.news);
        loop {
            let woken = news.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if self.app.is_leaving() {
                return Ok(Next::Over(Over::Leaving));
            }
            if self.is_over().await? {
                return Ok(Next::Over(Over::Gone));
            }
            let look = look(&self.app).await?;
            if let Look::Found(found) = look {
                return Ok(Next::More(found));
            }
            if Instant::now() >= end {
                return Ok(Next::Quiet);
            }
            if let Look::Unfinished = look {
                continue;
            }
            let again = end.min(Instant::now() + LOOK_AGAIN);
            if tokio::time::timeout_at(again, woken).await.is_ok() {
                self.judged = None;
            }
        }
    }

    /// Whether the caller may not follow any more.
    async fn is_over(&mut self) -> Result<bool, Error> {
        if self.judged.is_some_and(|at| at.elapsed() < JUDGED_AGAIN) {
            return Ok(false);
        }
        match self.judge().await {
            Ok(()) => {
                self.judged = Some(Instant::now());
                Ok(false)
            }
            Err(Error::Unauthorized | Error::Forbidden | Error::NotFound(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn judge(&self) -> Result<(), Error> {
        let caller = self.app.authenticate_again(&self.caller).await?;
        caller.may(self.needs)?;
        self.app.reachable_agent(&caller, &self.project, &self.agent).await.map(|_| ())
    }
}
