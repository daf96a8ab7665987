//! Members and teams.

use super::filter::{by_search, by_times, sorted};
use super::rows::{MemberRow, OrganisationRow, TeamRow};
use super::tables::{member, membership, organisation, team};
use super::{DB, Store, decoded, dialect, only, rows};
use async_trait::async_trait;
use connix_domain::api_key::Digest;
use connix_domain::id::{TeamId, UserId};
use connix_domain::member::{Member, MemberStatus};
use connix_domain::organisation::Organisation;
use connix_domain::page::{DirectoryQuery, Filter, Page, SortBy};
use connix_domain::port::members::MemberReader;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;
use connix_domain::team::Team;
use connix_domain::upstream::UpstreamAccount;
use diesel::dsl::{IntoBoxed, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// An organisation's members.
fn own(scope: OrgScope) -> IntoBoxed<'static, member::table, DB> {
    member::table.filter(member::org_id.eq(scope.org().to_string())).into_boxed()
}

/// Those who are in a team.
fn inside(scope: OrgScope, team: TeamId) -> IntoBoxed<'static, member::table, DB> {
    let within = membership::table.filter(membership::org_id.eq(scope.org().to_string()));
    let users = within.filter(membership::team_id.eq(team.to_string())).select(membership::user_id);
    own(scope).filter(member::id.eq_any(users))
}

/// Those of them that a filter matches.
fn found(members: IntoBoxed<'static, member::table, DB>, filter: &Filter) -> IntoBoxed<'static, member::table, DB> {
    // who has no address is not found by one: NULL is not true
    by_search!(by_times!(members, member, filter), member::email_key.assume_not_null(), filter)
}

/// Those of them who stand so, as [`Member::status`] has it.
fn standing(
    members: IntoBoxed<'static, member::table, DB>,
    status: Option<MemberStatus>,
) -> IntoBoxed<'static, member::table, DB> {
    let enabled = member::disabled_at.is_null();
    match status {
        None => members,
        Some(MemberStatus::Disabled) => members.filter(member::disabled_at.is_not_null()),
        Some(MemberStatus::Invited) => {
            members.filter(enabled).filter(member::password.is_null()).filter(member::invitation.is_not_null())
        }
        Some(MemberStatus::Active) => {
            members.filter(enabled).filter(member::password.is_not_null().or(member::invitation.is_null()))
        }
    }
}

/// A part of members, in order.
fn listed(
    members: IntoBoxed<'static, member::table, DB>,
    query: &DirectoryQuery,
) -> IntoBoxed<'static, member::table, DB> {
    let part = members.limit(query.window.limit).offset(query.window.offset);
    // who has no address comes before everybody who has one, on both stores
    let address = || sql::<Text>("coalesce(member.email_key, '')");
    sorted!(part, member, query.sort, address(), member::id)
}

#[async_trait]
impl MemberReader for Store {
    async fn organisation(&self, scope: OrgScope) -> Result<Option<Organisation>, ReadError> {
        let row = || organisation::table.find(scope.org().to_string()).select(OrganisationRow::as_select());
        only(self.look_up(row).await?)
    }

    async fn member(&self, scope: OrgScope, id: UserId) -> Result<Option<Member>, ReadError> {
        let row = || member::table.find((scope.org().to_string(), id.to_string())).select(MemberRow::as_select());
        only(self.look_up(row).await?)
    }

    async fn members(
        &self,
        scope: OrgScope,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, ReadError> {
        let matching = || standing(found(own(scope), &query.filter), status);
        let page = || listed(matching(), query).select(MemberRow::as_select());
        let (rows, total) = self.page(true, page, || matching().count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn members_by_email(&self, email: &str) -> Result<Vec<Member>, ReadError> {
        let key = rows::plain(&email.to_lowercase());
        let enabled = || {
            let named = member::table.filter(member::email_key.eq(key.clone())).filter(member::disabled_at.is_null());
            named.order((member::created_at, member::id)).select(MemberRow::as_select())
        };
        decoded(self.look_up(enabled).await?)
    }

    async fn members_by_account(&self, account: &UpstreamAccount) -> Result<Vec<Member>, ReadError> {
        let (issuer, subject) = (rows::plain(&account.issuer), rows::plain(&account.subject));
        let enabled = || {
            let bound = member::table
                .filter(member::upstream_issuer.eq(issuer.clone()))
                .filter(member::upstream_subject.eq(subject.clone()))
                .filter(member::disabled_at.is_null());
            bound.order((member::created_at, member::id)).select(MemberRow::as_select())
        };
        decoded(self.look_up(enabled).await?)
    }

    async fn member_by_invitation(&self, digest: &Digest) -> Result<Option<Member>, ReadError> {
        let invited = || {
            let invited = member::table.filter(member::invitation.eq(digest.0.to_vec()));
            invited.select(MemberRow::as_select())
        };
        only(self.look_up(invited).await?)
    }

    async fn teams_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<TeamId>, ReadError> {
        let teams = || {
            let own = membership::table.filter(membership::org_id.eq(scope.org().to_string()));
            own.filter(membership::user_id.eq(user.to_string())).order(membership::team_id).select(membership::team_id)
        };
        let found: Vec<String> = self.look_up(teams).await?;
        found.iter().map(|id| rows::parsed(Entity::Team, "team_id", id)).collect()
    }

    async fn team(&self, scope: OrgScope, id: TeamId) -> Result<Option<Team>, ReadError> {
        let row = || team::table.find((scope.org().to_string(), id.to_string())).select(TeamRow::as_select());
        only(self.look_up(row).await?)
    }

    async fn teams(&self, scope: OrgScope, query: &DirectoryQuery) -> Result<Page<Team>, ReadError> {
        let matching = || {
            let own = team::table.filter(team::org_id.eq(scope.org().to_string())).into_boxed();
            by_search!(by_times!(own, team, query.filter), team::name_key, query.filter)
        };
        let page = || {
            let part = matching().limit(query.window.limit).offset(query.window.offset);
            sorted!(part.select(TeamRow::as_select()), team, query.sort)
        };
        let (rows, total) = self.page(true, page, || matching().count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn team_members(
        &self,
        scope: OrgScope,
        team: TeamId,
        query: &DirectoryQuery,
        status: Option<MemberStatus>,
    ) -> Result<Page<Member>, ReadError> {
        let matching = || standing(found(inside(scope, team), &query.filter), status);
        let page = || listed(matching(), query).select(MemberRow::as_select());
        let (rows, total) = self.page(true, page, || matching().count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }
}
