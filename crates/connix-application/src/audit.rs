//! The audit log: entries that commit with what they are about, notes of what was refused, and reading it.

use crate::app::App;
use crate::caller::Caller;
use crate::console::SignedIn;
use crate::error::Error;
use connix_domain::audit::{AuditEntry, Origin, Outcome, PlacedEntry, Target};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::Actor;
use connix_domain::id::OrgId;
use connix_domain::page::{AuditQuery, Stretch};
use connix_domain::permission::Permission;

impl App {
    /// That the caller did something, as a change: it commits with what was done.
    pub(crate) fn audited<'n>(
        &self,
        caller: &Caller,
        target: Target,
        changed: impl IntoIterator<Item = &'n str>,
    ) -> Change {
        Change::Audit(self.entry(caller, target, changed, Outcome::Done))
    }

    /// That a member did something in a browser, as a change: it commits with what was done.
    pub(crate) fn audited_at_browser<'n>(
        &self,
        user: &SignedIn,
        target: Target,
        changed: impl IntoIterator<Item = &'n str>,
    ) -> Change {
        Change::Audit(AuditEntry {
            org: user.member.org,
            at: self.now(),
            actor: Actor::Member(user.member.id),
            credential: Some(user.session.id.to_string()),
            origin: user.origin.clone(),
            target_kind: target.kind.to_owned(),
            target_id: target.id,
            outcome: Outcome::Done,
            changed: changed.into_iter().map(str::to_owned).collect(),
        })
    }

    /// That an operator did something on the command line, as a change.
    pub(crate) fn audited_locally<'n>(
        &self,
        org: OrgId,
        command: &str,
        target: Target,
        changed: impl IntoIterator<Item = &'n str>,
    ) -> Change {
        Change::Audit(AuditEntry {
            org,
            at: self.now(),
            actor: Actor::System,
            credential: None,
            origin: Origin::local(command),
            target_kind: target.kind.to_owned(),
            target_id: target.id,
            outcome: Outcome::Done,
            changed: changed.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Notes that the caller was shown a secret, before it is shown.
    ///
    /// # Errors
    /// What the store says: a secret that cannot be accounted for is not shown.
    pub async fn note_reveal(&self, caller: &Caller, target: Target, field: &str) -> Result<(), Error> {
        let change = self.audited(caller, target, [field]);
        Ok(self.ports.store.commit(ChangeSet::new().with(change)).await?)
    }

    /// Notes that the caller's credential did not allow what was asked of `path`. A store that does not answer changes nothing
    /// about the refusal.
    pub async fn note_refusal(&self, caller: &Caller, path: &str) {
        let entry = self.entry(caller, Target::new("path", self.without_keys(path)), [], Outcome::Refused);
        if let Err(error) = self.ports.store.commit(ChangeSet::new().with(Change::Audit(entry))).await {
            tracing::warn!(%error, "a refused attempt is not in the audit log");
        }
    }

    /// A path whose keys, if somebody has put one there, are their public parts alone.
    fn without_keys(&self, path: &str) -> String {
        let public = |segment: &str| self.ports.credentials.read_key(segment).map(|key| key.kid.id());
        let shown =
            path.split('/').map(|segment| public(segment).map_or_else(|| segment.to_owned(), |id| format!("{id}…")));
        shown.collect::<Vec<_>>().join("/")
    }

    fn entry<'n>(
        &self,
        caller: &Caller,
        target: Target,
        changed: impl IntoIterator<Item = &'n str>,
        outcome: Outcome,
    ) -> AuditEntry {
        AuditEntry {
            org: caller.scope.org(),
            at: self.now(),
            actor: caller.actor(),
            credential: Some(caller.credential_id()),
            origin: caller.origin.clone(),
            target_kind: target.kind.to_owned(),
            target_id: target.id,
            outcome,
            changed: changed.into_iter().map(str::to_owned).collect(),
        }
    }

    /// A part of the caller's organisation's audit log.
    ///
    /// # Errors
    /// [`Error::Forbidden`]
    pub async fn audit_log(&self, caller: &Caller, query: &AuditQuery) -> Result<Stretch<PlacedEntry>, Error> {
        caller.may(Permission::AuditRead)?;
        let one_more = AuditQuery { limit: query.limit + 1, ..query.clone() };
        let entries = self.store().audit_log(caller.scope, &one_more).await?;
        Ok(Stretch::of(entries, query.limit as usize))
    }
}
