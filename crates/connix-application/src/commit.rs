//! Writing: retries of what lost a race, and turning what happened into events.

use crate::app::App;
use crate::error::Error;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::{Actor, Event, Happening};
use connix_domain::id::{EventId, OrgId, ProjectId};

/// So often a use case decides again after somebody was faster.
const TRIES: usize = 8;

impl App {
    /// Runs `attempt` again while it loses races: deciding is pure, so that deciding again is safe.
    pub(crate) async fn retrying<T, F: Future<Output = Result<T, Error>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Error> {
        for _ in 0..TRIES {
            match attempt().await {
                Err(Error::Raced) => {}
                other => return other,
            }
        }
        Err(Error::Contended)
    }

    /// Writes a unit of work and wakes the supervisor.
    pub(crate) async fn commit(&self, changes: ChangeSet) -> Result<(), Error> {
        self.ports.store.commit(changes).await?;
        self.wakeups.supervisor();
        Ok(())
    }

    /// Commits what is nothing to the supervisor.
    pub(crate) async fn commit_quietly(&self, changes: ChangeSet) -> Result<(), Error> {
        Ok(self.ports.store.commit(changes).await?)
    }

    /// What happened, as a change.
    pub(crate) fn raise(&self, org: OrgId, project: ProjectId, actor: Actor, happening: Happening) -> Change {
        Change::Raise(Event {
            id: EventId::new(self.ports.ids.bits()),
            org,
            kind: happening.kind,
            created_at: self.now(),
            project,
            actor,
            reason: happening.reason,
            data: happening.data,
        })
    }
}
