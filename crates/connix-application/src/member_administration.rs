//! What operators do with members on the command line.

use crate::administration::OrgRef;
use crate::app::App;
use crate::error::{Error, Resource};
use connix_domain::audit::{Target, changed_in_member};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::UserId;
use connix_domain::member::{EmailAddress, Member, MemberChange, Password, PasswordHash};
use connix_domain::page::{DirectoryQuery, Window};
use connix_domain::permission::Permissions;
use connix_domain::port::secrets::Secret;
use connix_domain::role::Role;
use connix_domain::scope::{Job, OrgScope};

/// So many members are read at once.
const PART: i64 = 100;

impl App {
    /// Makes a member that signs in with a password from the start.
    ///
    /// # Errors
    /// Faults of `org` and `email`; [`Error::Taken`].
    pub async fn make_member(
        &self,
        org: &OrgRef,
        email: &str,
        role: Role,
        password: PasswordHash,
    ) -> Result<UserId, Error> {
        let email =
            EmailAddress::parse(email).map_err(|issue| Error::field("email", format!("An e-mail address {issue}")))?;
        let scope = self.administered(org).await?;
        let now = self.now();
        let blank = Member::first_owner(scope.org(), UserId::new(self.ports.ids.bits()), now);
        let password = Some(Password { hash: password, set_at: now });
        let member = Member { email: Some(email), role, password, ..blank };
        let audited = self.audited_locally(scope.org(), "members create", Target::new("member", member.id), []);
        self.commit_member(ChangeSet::new().with(Change::CreateMember(member.clone())).with(audited)).await?;
        Ok(member.id)
    }

    /// The members of an organisation, the oldest first.
    ///
    /// # Errors
    /// A fault of `org`.
    pub async fn all_members(&self, org: &OrgRef) -> Result<Vec<Member>, Error> {
        self.everybody(self.administered(org).await?).await
    }

    /// Changes a member, named by its identifier or address, as an owner might.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LastOwner`]
    pub async fn set_member(&self, org: &OrgRef, wanted: &str, change: &MemberChange) -> Result<Member, Error> {
        let scope = self.administered(org).await?;
        self.retrying(|| async {
            let member = self.named_member(scope, wanted).await?;
            let Some(next) = member.change(change.clone(), &Permissions::all(), self.now())? else { return Ok(member) };
            let changed = changed_in_member(&member, &next);
            let audited = self.audited_locally(scope.org(), "members set", Target::new("member", member.id), changed);
            self.replace_member(scope, &member, next, audited).await
        })
        .await
    }

    /// A new link for a member to set a password with.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub async fn member_link(&self, org: &OrgRef, wanted: &str) -> Result<Secret, Error> {
        let scope = self.administered(org).await?;
        self.retrying(|| async {
            let member = self.named_member(scope, wanted).await?;
            let (link, invitation) = self.invitation();
            let next = member.invited_again(invitation, self.now());
            let changed = changed_in_member(&member, &next);
            let audited = self.audited_locally(scope.org(), "members link", Target::new("member", member.id), changed);
            self.replace_member(scope, &member, next, audited).await?;
            Ok(link)
        })
        .await
    }

    /// A member by its identifier or address.
    pub(crate) async fn named_member(&self, scope: OrgScope, wanted: &str) -> Result<Member, Error> {
        let key = wanted.to_lowercase();
        let named = |member: &Member| {
            member.id.to_string() == wanted || member.email.as_ref().is_some_and(|email| email.key() == key)
        };
        let found = self.everybody(scope).await?.into_iter().find(named);
        found.ok_or_else(|| Error::NotFound(Resource::Member(wanted.to_owned())))
    }

    async fn everybody(&self, scope: OrgScope) -> Result<Vec<Member>, Error> {
        let mut all = Vec::new();
        loop {
            let window = Window { limit: PART, offset: all.len() as i64 };
            let page = self.store().members(scope, &DirectoryQuery::oldest_first(window), None).await?;
            let last = page.items.is_empty();
            all.extend(page.items);
            if last || all.len() as i64 >= page.total {
                return Ok(all);
            }
        }
    }

    async fn administered(&self, org: &OrgRef) -> Result<OrgScope, Error> {
        Ok(OrgScope::of_organisation(&self.organisation(org).await?, Job::Administration))
    }
}
