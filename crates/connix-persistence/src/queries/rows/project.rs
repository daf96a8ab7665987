//! Projects.

use super::tables::project;
use super::{DB, labels, parsed, parsed_or_none, plain, search_text, sound};
use crate::instant::At;
use connix_domain::metadata::Metadata;
use connix_domain::name::{CanonicalName, DisplayName};
use connix_domain::port::store::{Entity, ReadError};
use connix_domain::project::Project;
use diesel::prelude::*;
use serde_json::Value;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = project, primary_key(org_id, id), check_for_backend(DB))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ProjectRow {
    org_id: String,
    id: String,
    number: i64,
    canonical_name: String,
    canonical_key: String,
    name: String,
    name_key: String,
    description: Option<String>,
    phase: String,
    visibility: String,
    team_id: Option<String>,
    created_by: String,
    metadata: Value,
    labels: String,
    search_text: String,
    created_at: At,
    updated_at: At,
    version: i64,
}

impl From<Project> for ProjectRow {
    fn from(project: Project) -> Self {
        let texts =
            [Some(project.name.as_str()), Some(project.canonical_name.as_str()), project.description.as_deref()];
        Self {
            search_text: search_text(texts),
            org_id: project.org.to_string(),
            id: project.id.to_string(),
            number: project.number,
            canonical_name: project.canonical_name.as_str().to_owned(),
            canonical_key: project.canonical_name.key(),
            name: project.name.as_str().to_owned(),
            name_key: project.name.sort_key(),
            description: project.description.as_deref().map(plain),
            phase: project.phase.as_str().to_owned(),
            visibility: project.visibility.as_str().to_owned(),
            team_id: project.team.map(|team| team.to_string()),
            created_by: project.created_by.to_string(),
            metadata: project.metadata.to_value(),
            labels: labels(&project.metadata),
            created_at: At(project.created_at),
            updated_at: At(project.updated_at),
            version: project.version,
        }
    }
}

impl TryFrom<ProjectRow> for Project {
    type Error = ReadError;
    fn try_from(row: ProjectRow) -> Result<Self, ReadError> {
        const OF: Entity = Entity::Project;
        Ok(Self {
            org: parsed(OF, "org_id", &row.org_id)?,
            id: parsed(OF, "id", &row.id)?,
            number: row.number,
            canonical_name: sound(OF, "canonical_name", CanonicalName::parse(&row.canonical_name))?,
            name: sound(OF, "name", DisplayName::parse(&row.name))?,
            description: row.description,
            phase: parsed(OF, "phase", &row.phase)?,
            visibility: parsed(OF, "visibility", &row.visibility)?,
            team: parsed_or_none(OF, "team_id", row.team_id)?,
            created_by: parsed(OF, "created_by", &row.created_by)?,
            metadata: Metadata::restore(row.metadata),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}
