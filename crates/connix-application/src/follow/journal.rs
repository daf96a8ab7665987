//! Following a task: its journal, and how it ended.

use super::{Look, Next, Over, PAGE, Watch};
use crate::app::App;
use crate::caller::{Caller, ProjectRef};
use crate::error::Error;
use connix_domain::id::TaskId;
use connix_domain::journal::JournalEntry;
use connix_domain::permission::Permission;
use connix_domain::scope::OrgScope;
use connix_domain::task::Task;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a follower of a task is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Entries of its journal.
    Entries(Vec<JournalEntry>),
    /// It has ended; numbered as the entry after the last one would be. Nothing comes after it.
    Ended {
        /// Its number.
        sequence: i64,
        /// The task as it ended.
        task: Box<Task>,
    },
}

/// Reads a task's journal as it is written, to the end of the task.
pub struct JournalFollower {
    watch: Watch,
    scope: OrgScope,
    task: TaskId,
    after: i64,
    told: bool,
}

impl App {
    /// Follows a task from after a number of its journal on. A task whose end has been told is over at once.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn follow_task(
        self: Arc<Self>,
        caller: &Caller,
        wanted: &ProjectRef,
        agent: &str,
        id: &str,
        after: i64,
    ) -> Result<JournalFollower, Error> {
        caller.may(Permission::RunsRead)?;
        let (found, task) = self.reachable_task(caller, wanted, agent, id).await?;
        let told = task.phase.is_final() && after > self.store().journal_length(caller.scope, task.id).await?;
        let watch = Watch {
            caller: caller.clone(),
            needs: Permission::RunsRead,
            project: wanted.clone(),
            agent: agent.to_owned(),
            news: self.wakeups.readers_of(found.id),
            judged: Some(Instant::now()),
            app: self,
        };
        Ok(JournalFollower { scope: caller.scope, task: task.id, after, told, watch })
    }
}

impl JournalFollower {
    /// Whether everything has been told.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The next entries, at most a page, or the end; waits for them at most `longest`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn next(&mut self, longest: Duration) -> Result<Next<Step>, Error> {
        if self.told {
            return Ok(Next::Over(Over::Told));
        }
        let (scope, id) = (self.scope, self.task);
        let (after, told) = (&mut self.after, &mut self.told);
        let look = async |app: &App| {
            // the task before its journal: what was noted before the end is told before it
            let task = app.store().task(scope, id).await?;
            let entries = app.store().journal(scope, id, *after, PAGE).await?;
            if let Some(last) = entries.last() {
                *after = last.sequence;
                return Ok(Look::Found(Step::Entries(entries)));
            }
            let Some(task) = task.filter(|task| task.phase.is_final()) else { return Ok(Look::Nothing) };
            *told = true;
            Ok(Look::Found(Step::Ended { sequence: *after + 1, task: Box::new(task) }))
        };
        self.watch.until(longest, look).await
    }
}
