//! Teams, and who is in them.

use super::tables::{membership, team};
use super::{DB, parsed, sound};
use crate::instant::At;
use connix_domain::name::TeamName;
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::team::{Membership, Team};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = team, primary_key(org_id, id), check_for_backend(DB))]
pub(crate) struct TeamRow {
    org_id: String,
    id: String,
    name: String,
    name_key: String,
    created_at: At,
    updated_at: At,
    version: i64,
}

impl From<Team> for TeamRow {
    fn from(team: Team) -> Self {
        Self {
            org_id: team.org.to_string(),
            id: team.id.to_string(),
            name: team.name.as_str().to_owned(),
            name_key: team.name.sort_key(),
            created_at: At(team.created_at),
            updated_at: At(team.updated_at),
            version: team.version,
        }
    }
}

impl TryFrom<TeamRow> for Team {
    type Error = ReadError;
    fn try_from(row: TeamRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Team;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            name: sound(OF, "name", TeamName::parse(&row.name))?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = membership, check_for_backend(DB))]
pub(crate) struct MembershipRow {
    org_id: String,
    team_id: String,
    user_id: String,
    since: At,
}

impl From<Membership> for MembershipRow {
    fn from(membership: Membership) -> Self {
        Self {
            org_id: membership.org.to_string(),
            team_id: membership.team.to_string(),
            user_id: membership.user.to_string(),
            since: At(membership.since),
        }
    }
}
