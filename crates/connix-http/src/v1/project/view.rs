//! A project as `/api/v1` shows it (contract section 5).

use crate::query::PagePagination;
use crate::rfc3339::Instant;
use crate::route::{Parameter, ParameterType};
use connix_application::Removed;
use connix_domain::project::Project;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The filter that is project lists' alone.
pub(crate) const PROJECT_STATUS: &[Parameter] =
    &[Parameter::new("status", ParameterType::Words(&["active", "archived"]), "Filter by status")];

/// A project.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Project")]
pub(crate) struct ProjectView<'p> {
    /// Unique project identifier.
    id: i64,
    /// The same project as `proj_` and 16 hexadecimal digits.
    uid: String,
    /// Display name.
    name: &'p str,
    /// Machine-readable name, unique in the organisation without regard to case.
    canonical_name: &'p str,
    /// What it is for.
    description: Option<&'p str>,
    /// `active` or `archived`.
    status: &'static str,
    /// `private` or `shared`.
    visibility: &'static str,
    /// The organisation it belongs to.
    org_id: String,
    /// The team it belongs to.
    team_id: Option<String>,
    /// Custom attributes.
    #[schemars(with = "serde_json::Map<String, Value>")]
    metadata: Value,
    /// Time of creation.
    created_at: Instant,
    /// Time of the last change.
    updated_at: Instant,
}

impl<'p> ProjectView<'p> {
    /// Shows a project.
    pub(crate) fn of(project: &'p Project) -> Self {
        Self {
            id: project.number,
            uid: project.id.to_string(),
            name: project.name.as_str(),
            canonical_name: project.canonical_name.as_str(),
            description: project.description.as_deref(),
            status: project.phase.as_str(),
            visibility: project.visibility.as_str(),
            org_id: project.org.to_string(),
            team_id: project.team.map(|team| team.to_string()),
            metadata: project.metadata.to_value(),
            created_at: project.created_at.into(),
            updated_at: project.updated_at.into(),
        }
    }
}

/// A page of projects.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProjectList<'p> {
    pub(super) projects: Vec<ProjectView<'p>>,
    pub(super) pagination: PagePagination,
}

/// What is left of a deleted project.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProjectRemoved {
    message: &'static str,
    project_id: i64,
}

impl ProjectRemoved {
    pub(super) fn of(removed: Removed) -> Self {
        Self { message: "Project deleted successfully", project_id: removed.number }
    }
}
