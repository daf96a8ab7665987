//! Organisations.

use super::tables::organisation;
use super::{DB, limits, parsed, read_limits, sound};
use crate::instant::At;
use connix_domain::name::OrganisationName;
use connix_domain::organisation::Organisation;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organisation, treat_none_as_default_value = false, check_for_backend(DB))]
pub(crate) struct OrganisationRow {
    id: String,
    name: String,
    name_key: String,
    owner_id: String,
    created_at: At,
    limits: Value,
    updated_at: Option<At>,
    version: i64,
}

impl From<Organisation> for OrganisationRow {
    fn from(organisation: Organisation) -> Self {
        Self {
            id: organisation.id.to_string(),
            name: organisation.name.as_str().to_owned(),
            name_key: organisation.name.sort_key(),
            owner_id: organisation.owner.to_string(),
            created_at: At(organisation.created_at),
            limits: limits(&organisation.limits),
            updated_at: Some(At(organisation.updated_at)),
            version: organisation.version,
        }
    }
}

impl TryFrom<OrganisationRow> for Organisation {
    type Error = ReadError;
    fn try_from(row: OrganisationRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Organisation;
        Ok(Self {
            id: parsed(OF, "id", &row.id)?,
            name: sound(OF, "name", OrganisationName::parse(&row.name))?,
            owner: parsed(OF, "owner_id", &row.owner_id)?,
            limits: read_limits(OF, row.limits)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.unwrap_or(row.created_at).0,
            version: row.version,
        })
    }
}
