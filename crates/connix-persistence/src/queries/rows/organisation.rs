//! Organisations.

use super::tables::organisation;
use super::{DB, parsed, sound};
use crate::instant::At;
use connix_domain::name::OrganisationName;
use connix_domain::organisation::Organisation;
use connix_domain::port::store::{Entity, ReadError};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = organisation, check_for_backend(DB))]
pub(crate) struct OrganisationRow {
    id: String,
    name: String,
    name_key: String,
    owner_id: String,
    created_at: At,
}

impl From<Organisation> for OrganisationRow {
    fn from(organisation: Organisation) -> Self {
        Self {
            id: organisation.id.to_string(),
            name: organisation.name.as_str().to_owned(),
            name_key: organisation.name.sort_key(),
            owner_id: organisation.owner.to_string(),
            created_at: At(organisation.created_at),
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
            created_at: row.created_at.0,
        })
    }
}
