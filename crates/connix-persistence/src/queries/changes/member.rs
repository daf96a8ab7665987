//! Members and teams.

use super::rows::{MemberRow, MembershipRow, TeamRow};
use super::tables::{member, membership, project, team};
use super::{Must, Unit, dialect, stale};
use crate::instant::At;
use connix_domain::Timestamp;
use connix_domain::id::{OrgId, TeamId, UserId};
use connix_domain::member::Member;
use connix_domain::port::store::Entity;
use connix_domain::role::Role;
use connix_domain::team::{Membership, Team};
use diesel::prelude::*;

impl Unit {
    pub(super) fn create_member(&mut self, member: Member) {
        self.push(Must::Run, diesel::insert_into(member::table).values(MemberRow::from(member)));
    }

    pub(super) fn update_member(&mut self, member: Member) {
        let row = member::table.find((member.org.to_string(), member.id.to_string()));
        let read = row.filter(member::version.eq(member.version - 1));
        self.push(Must::Touch(stale(Entity::Member)), diesel::update(read).set(MemberRow::from(member)));
    }

    pub(super) fn owner_remains(&mut self, org: OrgId) {
        let owners = member::table
            .select(member::id)
            .filter(member::org_id.eq(org.to_string()))
            .filter(member::role.eq(Role::Owner.as_str()))
            .filter(member::disabled_at.is_null());
        self.push(Must::Find(stale(Entity::Member)), dialect::for_share!(owners.order(member::id).limit(1)));
    }

    pub(super) fn create_team(&mut self, team: Team) {
        self.push(Must::Run, diesel::insert_into(team::table).values(TeamRow::from(team)));
    }

    pub(super) fn update_team(&mut self, team: Team) {
        let row = team::table.find((team.org.to_string(), team.id.to_string()));
        let read = row.filter(team::version.eq(team.version - 1));
        self.push(Must::Touch(stale(Entity::Team)), diesel::update(read).set(TeamRow::from(team)));
    }

    pub(super) fn team_exists(&mut self, org: OrgId, id: TeamId) {
        let own = team::table.select(team::id).filter(team::org_id.eq(org.to_string()));
        self.push(Must::Find(stale(Entity::Team)), dialect::for_share!(own.filter(team::id.eq(id.to_string()))));
    }

    /// What refers to it first: nothing may point at a row that is gone.
    pub(super) fn delete_team(&mut self, org: OrgId, id: TeamId, at: Timestamp) {
        let (org, id) = (org.to_string(), id.to_string());
        let projects = project::table.filter(project::org_id.eq(org.clone())).filter(project::team_id.eq(id.clone()));
        let of_none = (
            project::team_id.eq(None::<String>),
            project::updated_at.eq(At(at)),
            project::version.eq(project::version + 1),
        );
        self.push(Must::Run, diesel::update(projects).set(of_none));
        let members = membership::table.filter(membership::org_id.eq(org.clone()));
        self.push(Must::Run, diesel::delete(members.filter(membership::team_id.eq(id.clone()))));
        self.push(Must::Touch(stale(Entity::Team)), diesel::delete(team::table.find((org, id))));
    }

    pub(super) fn join_team(&mut self, joined: Membership) {
        let insert = diesel::insert_into(membership::table).values(MembershipRow::from(joined));
        let key = (membership::org_id, membership::team_id, membership::user_id);
        self.push(Must::Run, insert.on_conflict(key).do_nothing());
    }

    pub(super) fn leave_team(&mut self, org: OrgId, team: TeamId, user: UserId) {
        let row = membership::table.find((org.to_string(), team.to_string(), user.to_string()));
        self.push(Must::Run, diesel::delete(row));
    }
}
