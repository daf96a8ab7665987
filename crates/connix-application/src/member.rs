//! Members: invite, see, change (contract section 10).

use crate::app::App;
use crate::caller::{Caller, Precondition};
use crate::error::{Error, Resource};
use crate::idempotency::Remember;
use chrono::Duration;
use connix_domain::audit::{Target, changed_in_member};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::UserId;
use connix_domain::member::{EmailAddress, Invitation, Member, MemberChange, MemberStatus};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::page::{DirectoryQuery, Page, Window};
use connix_domain::permission::{Permission, Permissions};
use connix_domain::port::secrets::Secret;
use connix_domain::port::store::{CommitError, Entity};
use connix_domain::role::Role;
use connix_domain::scope::OrgScope;

/// A link to set a password with works this long.
const LINK_WORKS: Duration = Duration::days(7);

/// A member with the link that it is to be handed; the link is shown once.
#[derive(Debug, Clone)]
pub struct InvitedMember {
    /// The member.
    pub member: Member,
    /// The address of the page on which it sets its password.
    pub link: Secret,
}

/// What the audit log calls a member.
fn target(member: &Member) -> Target {
    Target::new("member", member.id)
}

/// What a caller has to give others roles with. A credential for some projects has nothing: a role reaches further.
fn appointing(caller: &Caller) -> Result<&Permissions, Error> {
    caller.may(Permission::MembersWrite)?;
    match caller.access.projects() {
        None => Ok(caller.access.permissions()),
        Some(_) => Err(Error::Forbidden),
    }
}

impl App {
    /// Makes a member, and a link for it to set a password with.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the caller may not give that role; [`Error::Taken`]
    pub async fn invite_member(
        &self,
        caller: &Caller,
        (email, role): (EmailAddress, Role),
        remember: Option<Remember<'_, InvitedMember>>,
    ) -> Result<InvitedMember, Error> {
        let held = appointing(caller)?;
        let (link, invitation) = self.invitation();
        let new = (caller.scope.org(), UserId::new(self.ports.ids.bits()));
        let member = Member::invited(new, (email, role), invitation, held, self.now())?;
        let invited = InvitedMember { member, link };
        let record = self.record(remember.as_ref(), &invited);
        let changes = ChangeSet::new()
            .with(Change::CreateMember(invited.member.clone()))
            .with(self.audited(caller, target(&invited.member), []))
            .first(record);
        self.commit_member(changes).await?;
        Ok(invited)
    }

    /// Gives a member a new link to set a password with; an older one is void.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the caller may not give the member's role: who sets a password becomes the member.
    pub async fn renew_invitation(
        &self,
        caller: &Caller,
        wanted: &str,
        remember: Option<Remember<'_, InvitedMember>>,
    ) -> Result<InvitedMember, Error> {
        caller.may(Permission::MembersWrite)?;
        self.retrying(|| self.try_renew_invitation(caller, wanted, remember.as_ref())).await
    }

    async fn try_renew_invitation(
        &self,
        caller: &Caller,
        wanted: &str,
        remember: Option<&Remember<'_, InvitedMember>>,
    ) -> Result<InvitedMember, Error> {
        let member = self.own_member(caller.scope, wanted).await?;
        if !member.role.may_be_given_by(appointing(caller)?) {
            return Err(Error::Forbidden);
        }
        let (link, invitation) = self.invitation();
        let invited = InvitedMember { member: member.invited_again(invitation, self.now()), link };
        let record = self.record(remember, &invited);
        let changed = changed_in_member(&member, &invited.member);
        let changes = ChangeSet::new()
            .with(Change::UpdateMember(invited.member.clone()))
            .with(self.audited(caller, target(&member), changed))
            .first(record);
        self.commit_member(changes).await?;
        Ok(invited)
    }

    /// A part of the list of members.
    ///
    /// # Errors
    /// What the store says.
    pub async fn members(
        &self,
        caller: &Caller,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, Error> {
        caller.may(Permission::MembersRead)?;
        Ok(self.store().members(caller.scope, query, status).await?)
    }

    /// A member.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn member(&self, caller: &Caller, wanted: &str) -> Result<Member, Error> {
        caller.may(Permission::MembersRead)?;
        self.own_member(caller.scope, wanted).await
    }

    /// Changes a member. Its credentials come to what it may from then on.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when an owner is concerned and the caller is none; [`Error::LastOwner`]; [`Error::Taken`];
    /// [`Error::PreconditionFailed`]
    pub async fn change_member(
        &self,
        caller: &Caller,
        wanted: &str,
        on: &Precondition,
        change: &MemberChange,
    ) -> Result<Member, Error> {
        caller.may(Permission::MembersWrite)?;
        self.retrying(|| self.try_change_member(caller, wanted, on, change)).await
    }

    async fn try_change_member(
        &self,
        caller: &Caller,
        wanted: &str,
        on: &Precondition,
        change: &MemberChange,
    ) -> Result<Member, Error> {
        let member = self.own_member(caller.scope, wanted).await?;
        on.check(member.version)?;
        let change = change.clone();
        let Some(next) = member.change(change, appointing(caller)?, self.now())? else { return Ok(member) };
        let entry = self.audited(caller, target(&member), changed_in_member(&member, &next));
        self.replace_member(caller.scope, &member, next, entry).await
    }

    /// Writes another state of a member, unless the organisation would be left without an owner. Whoever is disabled is signed out
    /// everywhere, and has let no application do anything any more: that does not come back with it.
    pub(crate) async fn replace_member(
        &self,
        scope: OrgScope,
        member: &Member,
        next: Member,
        entry: Change,
    ) -> Result<Member, Error> {
        let ceases = member.owns() && !next.owns();
        if ceases && self.owners(scope).await? <= 1 {
            return Err(Error::LastOwner(if next.is_enabled() { "role" } else { "disabled" }));
        }
        let remains = ceases.then_some(Change::OwnerRemains { org: scope.org() });
        let leaves = member.is_enabled() && !next.is_enabled();
        let (org, user, at) = (scope.org(), member.id, self.now());
        let ended =
            [OAuthChange::CloseSessionsOf { org, user }, OAuthChange::RevokeGrants { org, user, client: None, at }];
        let ended = ended.into_iter().filter(|_| leaves).map(Change::from);
        let update = ChangeSet::new().with(Change::UpdateMember(next.clone())).with_all(remains).with_all(ended);
        self.commit_member(update.with(entry)).await?;
        self.known_credentials.forget();
        Ok(next)
    }

    /// Commits what is written of a member: an address that somebody has is the only name in it.
    pub(crate) async fn commit_member(&self, changes: ChangeSet) -> Result<(), Error> {
        match self.ports.store.commit(changes).await {
            Err(CommitError::Duplicate { entity: Entity::Member, field: "email" }) => {
                Err(Error::Taken { field: "email", message: "A member with this e-mail address already exists" })
            }
            other => Ok(other?),
        }
    }

    pub(crate) async fn own_member(&self, scope: OrgScope, wanted: &str) -> Result<Member, Error> {
        let found = match wanted.parse() {
            Ok(id) => self.store().member(scope, id).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| Error::NotFound(Resource::Member(wanted.to_owned())))
    }

    /// How many owners an organisation has that are not disabled.
    async fn owners(&self, scope: OrgScope) -> Result<usize, Error> {
        let mut owners = 0;
        let mut window = Window { limit: 100, offset: 0 };
        loop {
            let page = self.store().members(scope, &DirectoryQuery::oldest_first(window), None).await?;
            owners += page.items.iter().filter(|member| member.owns()).count();
            window.offset += window.limit;
            if owners > 1 || window.offset >= page.total {
                return Ok(owners);
            }
        }
    }

    /// A link to be handed over, and what is kept of it.
    pub(crate) fn invitation(&self) -> (Secret, Invitation) {
        let (token, digest) = self.ports.credentials.mint_invitation();
        let link = format!("{}/console/password?token={}", self.settings.issuer, token.expose());
        (Secret::new(link), Invitation { digest, expires_at: self.now() + LINK_WORKS })
    }
}
