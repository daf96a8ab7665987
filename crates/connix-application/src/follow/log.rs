//! Following an agent's log.

use super::{Look, Next, PAGE, Watch};
use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::Error;
use connix_domain::id::AgentId;
use connix_domain::log::{LogLevel, PlacedLine};
use connix_domain::permission::Permission;
use connix_domain::scope::OrgScope;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Where a follower of a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStart {
    /// After a position.
    After(i64),
    /// With the last so many lines.
    Last(i64),
}

/// Reads an agent's lines as they are written.
pub struct LogFollower {
    watch: Watch,
    scope: OrgScope,
    agent: AgentId,
    level: Option<LogLevel>,
    after: i64,
}

impl App {
    /// Follows an agent's log; `level`: only lines of exactly this one.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn follow_logs(
        self: Arc<Self>,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        level: Option<LogLevel>,
        start: LogStart,
    ) -> Result<LogFollower, Error> {
        caller.may(Permission::AgentsRead)?;
        let (_, found) = self.reachable_agent(caller, wanted, agent).await?;
        let after = match start {
            LogStart::After(position) => position,
            LogStart::Last(count) => self.store().logs_before_last(caller.scope, found.id, count).await?,
        };
        let watch = Watch {
            caller: caller.clone(),
            needs: Permission::AgentsRead,
            project: wanted.clone(),
            agent: agent.to_owned(),
            news: self.wakeups.readers_of(found.id),
            judged: Some(Instant::now()),
            app: self,
        };
        Ok(LogFollower { scope: caller.scope, agent: found.id, level, after, watch })
    }
}

impl LogFollower {
    /// The next lines, at most a page; waits for them at most `longest`. What it has given once it does not give again.
    ///
    /// # Errors
    /// What the store says.
    pub async fn next(&mut self, longest: Duration) -> Result<Next<Vec<PlacedLine>>, Error> {
        let (scope, agent, level) = (self.scope, self.agent, self.level);
        let after = &mut self.after;
        let look = async |app: &App| {
            let lines = app.store().logs_after(scope, agent, *after, PAGE).await?;
            let Some(last) = lines.last() else { return Ok(Look::Nothing) };
            *after = last.position;
            let wanted: Vec<_> =
                lines.into_iter().filter(|placed| level.is_none_or(|level| placed.line.level == level)).collect();
            Ok(if wanted.is_empty() { Look::Unfinished } else { Look::Found(wanted) })
        };
        self.watch.until(longest, look).await
    }
}
