//! The caller itself, and its organisation (contract section 10).

use crate::app::App;
use crate::caller::{Caller, Precondition};
use crate::error::Error;
use connix_domain::audit::{Target, changed_in_organisation};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::member::Member;
use connix_domain::organisation::{Organisation, OrganisationChange};
use connix_domain::permission::Permission;
use connix_domain::port::store::{CommitError, Entity};

impl App {
    /// The member that a credential acts as, and its organisation.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when they have gone since the credential was checked.
    pub async fn whoami(&self, caller: &Caller) -> Result<(Member, Organisation), Error> {
        let member = self.store().member(caller.scope, caller.access.user()).await?;
        let organisation = self.store().organisation(caller.scope).await?;
        member.zip(organisation).ok_or(Error::Unauthorized)
    }

    /// The caller's organisation. Whoever is in it may know it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn own_organisation(&self, caller: &Caller) -> Result<Organisation, Error> {
        self.store().organisation(caller.scope).await?.ok_or(Error::Unauthorized)
    }

    /// Changes the caller's organisation.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::PreconditionFailed`]
    pub async fn change_organisation(
        &self,
        caller: &Caller,
        on: &Precondition,
        change: &OrganisationChange,
    ) -> Result<Organisation, Error> {
        caller.may(Permission::OrganizationWrite)?;
        self.retrying(|| async {
            let present = self.own_organisation(caller).await?;
            on.check(present.version)?;
            let Some(next) = present.change(change.clone(), self.now()) else { return Ok(present) };
            let changed = changed_in_organisation(&present, &next);
            let entry = self.audited(caller, Target::new("organization", next.id), changed);
            let changes = ChangeSet::new().with(Change::UpdateOrganisation(next.clone())).with(entry);
            match self.ports.store.commit(changes).await {
                Err(CommitError::Duplicate { entity: Entity::Organisation, field: "name" }) => {
                    Err(Error::Taken { field: "name", message: "An organisation with this name already exists" })
                }
                other => {
                    other?;
                    self.known_credentials.forget();
                    Ok(next)
                }
            }
        })
        .await
    }
}
