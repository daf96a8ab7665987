//! Members and teams in the store in memory.

use super::MemoryStore;
use super::apply::{Applied, duplicate, stale, unless};
use super::select::{Traits, directory};
use super::state::State;
use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::api_key::Digest;
use connix_domain::id::{OrgId, TeamId, UserId};
use connix_domain::member::{EmailAddress, Member, MemberStatus};
use connix_domain::organisation::Organisation;
use connix_domain::page::{DirectoryQuery, Page};
use connix_domain::port::members::MemberReader;
use connix_domain::port::store::{CommitError, Entity, ReadError};
use connix_domain::role::Role;
use connix_domain::scope::OrgScope;
use connix_domain::team::{Membership, Team};
use connix_domain::upstream::UpstreamAccount;

impl State {
    pub(super) fn create_member(&mut self, member: Member) -> Applied {
        unless(self.members.contains_key(&(member.org, member.id)), duplicate(Entity::Member, "id"))?;
        self.email_is_free(&member)?;
        self.account_is_free(&member)?;
        self.known(member.org)?;
        self.members.insert((member.org, member.id), member);
        Ok(())
    }

    pub(super) fn update_member(&mut self, member: Member) -> Applied {
        let kept = self.members.get(&(member.org, member.id));
        unless(kept.is_none_or(|kept| kept.version != member.version - 1), stale(Entity::Member))?;
        self.email_is_free(&member)?;
        self.account_is_free(&member)?;
        self.members.insert((member.org, member.id), member);
        Ok(())
    }

    fn account_is_free(&self, member: &Member) -> Applied {
        let same =
            |other: &Member| other.id != member.id && other.upstream.is_some() && other.upstream == member.upstream;
        unless(self.members_of(member.org).any(same), duplicate(Entity::Member, "upstream_account"))
    }

    fn email_is_free(&self, member: &Member) -> Applied {
        let Some(key) = member.email.as_ref().map(EmailAddress::key) else { return Ok(()) };
        let same =
            |other: &Member| other.id != member.id && other.email.as_ref().is_some_and(|email| email.key() == key);
        unless(self.members_of(member.org).any(same), duplicate(Entity::Member, "email"))
    }

    pub(super) fn owner_remains(&self, org: OrgId) -> Applied {
        let owner = self.members_of(org).any(|member| member.role == Role::Owner && member.is_enabled());
        unless(!owner, stale(Entity::Member))
    }

    pub(super) fn create_team(&mut self, team: Team) -> Applied {
        unless(self.teams.contains_key(&(team.org, team.id)), duplicate(Entity::Team, "id"))?;
        self.team_name_is_free(&team)?;
        self.known(team.org)?;
        self.teams.insert((team.org, team.id), team);
        Ok(())
    }

    pub(super) fn update_team(&mut self, team: Team) -> Applied {
        let kept = self.teams.get(&(team.org, team.id));
        unless(kept.is_none_or(|kept| kept.version != team.version - 1), stale(Entity::Team))?;
        self.team_name_is_free(&team)?;
        self.teams.insert((team.org, team.id), team);
        Ok(())
    }

    fn team_name_is_free(&self, team: &Team) -> Applied {
        let same = |other: &Team| {
            other.org == team.org && other.id != team.id && other.name.sort_key() == team.name.sort_key()
        };
        unless(self.teams.values().any(same), duplicate(Entity::Team, "name"))
    }

    pub(super) fn team_exists(&self, org: OrgId, id: TeamId) -> Applied {
        unless(!self.teams.contains_key(&(org, id)), stale(Entity::Team))
    }

    pub(super) fn delete_team(&mut self, org: OrgId, id: TeamId, at: Timestamp) -> Applied {
        self.team_exists(org, id)?;
        for project in self.projects.values_mut().filter(|p| p.org == org && p.team == Some(id)) {
            (project.team, project.updated_at) = (None, at);
            project.version += 1;
        }
        self.memberships.retain(|(of, team, _), _| (*of, *team) != (org, id));
        self.teams.remove(&(org, id));
        Ok(())
    }

    pub(super) fn join_team(&mut self, joined: Membership) -> Applied {
        let (org, team, user) = (joined.org, joined.team, joined.user);
        let known = self.teams.contains_key(&(org, team)) && self.members.contains_key(&(org, user));
        unless(!known, CommitError::Reference)?;
        self.memberships.entry((org, team, user)).or_insert(joined.since);
        Ok(())
    }

    /// An organisation's members.
    fn members_of(&self, org: OrgId) -> impl Iterator<Item = &Member> {
        self.members.values().filter(move |member| member.org == org)
    }
}

fn member_traits(member: &Member) -> (Traits<'_>, UserId) {
    let address = member.email.as_ref();
    let traits = Traits {
        created_at: member.created_at,
        updated_at: member.updated_at,
        metadata: None,
        texts: address.map(|email| email.as_str()).into_iter().collect(),
        name: address.map(|email| email.key().to_owned()).unwrap_or_default(),
    };
    (traits, member.id)
}

#[async_trait]
impl MemberReader for MemoryStore {
    async fn organisation(&self, scope: OrgScope) -> Result<Option<Organisation>, ReadError> {
        Ok(self.now().organisations.get(&scope.org()).cloned())
    }
    async fn member(&self, scope: OrgScope, id: UserId) -> Result<Option<Member>, ReadError> {
        Ok(self.now().members.get(&(scope.org(), id)).cloned())
    }
    async fn members(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, ReadError> {
        let state = self.now();
        let standing =
            state.members_of(scope.org()).filter(|member| status.is_none_or(|status| member.status() == status));
        Ok(directory(standing, query, member_traits))
    }
    async fn members_by_email(&self, email: &str) -> Result<Vec<Member>, ReadError> {
        let key = email.to_lowercase();
        let state = self.now();
        let signs_in =
            |member: &&Member| member.is_enabled() && member.email.as_ref().is_some_and(|email| email.key() == key);
        let mut found: Vec<_> = state.members.values().filter(signs_in).cloned().collect();
        found.sort_by_key(|member| (member.created_at, member.id));
        Ok(found)
    }
    async fn members_by_account(&self, account: &UpstreamAccount) -> Result<Vec<Member>, ReadError> {
        let state = self.now();
        let signs_in = |member: &&Member| member.is_enabled() && member.upstream.as_ref() == Some(account);
        let mut found: Vec<_> = state.members.values().filter(signs_in).cloned().collect();
        found.sort_by_key(|member| (member.created_at, member.id));
        Ok(found)
    }
    async fn member_by_invitation(&self, digest: &Digest) -> Result<Option<Member>, ReadError> {
        let state = self.now();
        let invited = |member: &&Member| member.invitation.as_ref().is_some_and(|link| link.digest == *digest);
        Ok(state.members.values().find(invited).cloned())
    }
    async fn teams_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<TeamId>, ReadError> {
        let state = self.now();
        let own = state.memberships.keys().filter(|(org, _, of)| *org == scope.org() && *of == user);
        Ok(own.map(|(_, team, _)| *team).collect())
    }
    async fn team(&self, scope: OrgScope, id: TeamId) -> Result<Option<Team>, ReadError> {
        Ok(self.now().teams.get(&(scope.org(), id)).cloned())
    }
    async fn teams(&self, scope: OrgScope, query: &DirectoryQuery) -> Result<Page<Team>, ReadError> {
        let state = self.now();
        let own = state.teams.values().filter(|team| team.org == scope.org());
        Ok(directory(own, query, |team| {
            let times = (team.created_at, team.updated_at);
            (Traits::named(team.name.as_str(), team.name.sort_key(), times), team.id)
        }))
    }
    async fn team_members(
        &self,
        scope: OrgScope,
        team: TeamId,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, ReadError> {
        let state = self.now();
        let inside = |member: &&Member| state.memberships.contains_key(&(scope.org(), team, member.id));
        let standing = |member: &&Member| status.is_none_or(|status| member.status() == status);
        Ok(directory(state.members_of(scope.org()).filter(inside).filter(standing), query, member_traits))
    }
}
