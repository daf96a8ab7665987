//! Members and teams.

use super::rows::{MemberRow, OrganisationRow, TeamRow};
use super::tables::{member, membership, organisation, team};
use super::{DB, Store, decoded, only, rows};
use async_trait::async_trait;
use connix_domain::api_key::Digest;
use connix_domain::id::{TeamId, UserId};
use connix_domain::member::Member;
use connix_domain::organisation::Organisation;
use connix_domain::page::{Page, Window};
use connix_domain::port::members::MemberReader;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::scope::OrgScope;
use connix_domain::team::Team;
use connix_domain::upstream::UpstreamAccount;
use diesel::dsl::IntoBoxed;
use diesel::prelude::*;

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

    async fn members(&self, scope: OrgScope, window: Window) -> Result<Page<Member>, ReadError> {
        let page = || {
            let part = own(scope).order((member::created_at, member::id)).limit(window.limit).offset(window.offset);
            part.select(MemberRow::as_select())
        };
        let (rows, total) = self.page(true, page, || own(scope).count()).await?;
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

    async fn teams(&self, scope: OrgScope, window: Window) -> Result<Page<Team>, ReadError> {
        let own = || team::table.filter(team::org_id.eq(scope.org().to_string()));
        let page = || {
            let part = own().order((team::created_at, team::id)).limit(window.limit).offset(window.offset);
            part.select(TeamRow::as_select())
        };
        let (rows, total) = self.page(true, page, || own().count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }

    async fn team_members(&self, scope: OrgScope, team: TeamId, window: Window) -> Result<Page<Member>, ReadError> {
        let page = || {
            let part = inside(scope, team).order((member::created_at, member::id));
            part.limit(window.limit).offset(window.offset).select(MemberRow::as_select())
        };
        let (rows, total) = self.page(true, page, || inside(scope, team).count()).await?;
        Ok(Page { items: decoded(rows)?, total })
    }
}
