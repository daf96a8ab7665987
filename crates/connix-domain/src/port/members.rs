//! Who belongs to an organisation.

use super::store::ReadError;
use crate::api_key::Digest;
use crate::id::{TeamId, UserId};
use crate::member::{Member, MemberStatus};
use crate::organisation::Organisation;
use crate::page::{DirectoryQuery, Page};
use crate::scope::OrgScope;
use crate::team::Team;
use crate::upstream::UpstreamAccount;
use async_trait::async_trait;

/// Members and teams.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MemberReader: Send + Sync {
    /// The organisation itself; `None` when there is none.
    async fn organisation(&self, scope: OrgScope) -> Result<Option<Organisation>, ReadError>;
    /// MUST be `None`, not an error, for an unknown member and for another organisation's; disabled ones are seen.
    async fn member(&self, scope: OrgScope, id: UserId) -> Result<Option<Member>, ReadError>;
    /// A part of the list of members, disabled ones too, or of those who stand so.
    async fn members(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, ReadError>;
    /// The members of all organisations that sign in with an address, in any case: nobody is signed in yet. MUST leave disabled
    /// ones out.
    async fn members_by_email(&self, email: &str) -> Result<Vec<Member>, ReadError>;
    /// The members of all organisations that an account at a provider is bound to: nobody is signed in yet. MUST compare issuer
    /// and subject exactly, and leave disabled members out.
    async fn members_by_account(&self, account: &UpstreamAccount) -> Result<Vec<Member>, ReadError>;
    /// MUST find the member that was handed a link, whatever its organisation, also when the link has expired.
    async fn member_by_invitation(&self, digest: &Digest) -> Result<Option<Member>, ReadError>;
    /// The teams that a member is in.
    async fn teams_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<TeamId>, ReadError>;
    /// MUST be `None`, not an error, for an unknown team and for another organisation's.
    async fn team(&self, scope: OrgScope, id: TeamId) -> Result<Option<Team>, ReadError>;
    /// A part of the list of teams.
    async fn teams(&self, scope: OrgScope, query: &DirectoryQuery) -> Result<Page<Team>, ReadError>;
    /// A part of the list of who is in a team, disabled members too.
    async fn team_members(
        &self,
        scope: OrgScope,
        team: TeamId,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, ReadError>;
}
