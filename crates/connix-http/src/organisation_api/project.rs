//! Projects on `/v1` (WORK; contract section 5): ids are `proj_…`, names are display text.

use crate::body::JsonBody;
use crate::call::Call;
use crate::idempotency;
use crate::openapi::Nullable;
use crate::problem::Problem;
use crate::query::PagePagination;
use crate::reply::{Reply, not_modified};
use crate::rfc3339::Instant;
use crate::route::{Answer, METADATA, Method, PAGE, Route, SEARCH, SORT, TIMES};
use crate::v1::project::{PROJECT_STATUS, display_name, naming, project_query, words};
use actix_web::{HttpResponse, web};
use connix_application::{Naming, ProjectOrder};
use connix_domain::metadata::Metadata;
use connix_domain::permission::Permission;
use connix_domain::project::{Project, Visibility};
use schemars::JsonSchema;
use serde::Serialize;

const TAG: &str = "Organisation projects";
const COLLECTION: &str = "/v1/projects";

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createOrganisationProject", || web::to(create))
        .about(TAG, "Create a project by its display name")
        .needs(Permission::ProjectsWrite)
        .takes::<CreateOrganisationProject>()
        .answers(&[Answer::of::<OrganisationProject>(201, "The project")]),
    Route::new(Method::Get, COLLECTION, "listOrganisationProjects", || web::to(list))
        .about(TAG, "List the projects visible to the caller")
        .needs(Permission::ProjectsRead)
        .query(&[PAGE, SORT, PROJECT_STATUS, SEARCH, TIMES, METADATA])
        .answers(&[Answer::of::<OrganisationProjectList>(200, "A page of projects")]),
    Route::new(Method::Get, "/v1/projects/{project}", "getOrganisationProject", || web::to(get))
        .about(TAG, "Get a project")
        .needs(Permission::ProjectsRead)
        .answers(&[Answer::of::<OrganisationProject>(200, "The project")]),
];

/// A new project.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
struct CreateOrganisationProject {
    /// Display name.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// Derived from the name when it is left out.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9-]{1,48}[A-Za-z0-9]$"))]
    canonical_name: Option<String>,
    #[schemars(length(max = 2000))]
    description: Option<Nullable<String>>,
    team_id: Option<Nullable<String>>,
    #[schemars(extend("enum" = ["private", "shared"]))]
    visibility: Option<String>,
}

/// A project as the organisation API shows it.
#[derive(Debug, Serialize, JsonSchema)]
struct OrganisationProject<'p> {
    id: String,
    org_id: String,
    team_id: Option<String>,
    name: &'p str,
    canonical_name: &'p str,
    description: Option<&'p str>,
    visibility: &'static str,
    status: &'static str,
    created_at: Instant,
    updated_at: Instant,
}

impl<'p> OrganisationProject<'p> {
    fn of(project: &'p Project) -> Self {
        Self {
            id: project.id.to_string(),
            org_id: project.org.to_string(),
            team_id: project.team.map(|team| team.to_string()),
            name: project.name.as_str(),
            canonical_name: project.canonical_name.as_str(),
            description: project.description.as_deref(),
            visibility: project.visibility.as_str(),
            status: project.phase.as_str(),
            created_at: project.created_at.into(),
            updated_at: project.updated_at.into(),
        }
    }
}

/// A page of projects.
#[derive(Debug, Serialize, JsonSchema)]
struct OrganisationProjectList<'p> {
    data: Vec<OrganisationProject<'p>>,
    pagination: PagePagination,
}

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let order = order(&body)?;
    let reply = |project: &Project| {
        Reply::created(&OrganisationProject::of(project), format!("{COLLECTION}/{}", project.id))
            .version(project.version)
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.create_project(&call.caller, order, remember).await
    })
    .await
}

fn order(body: &JsonBody) -> Result<ProjectOrder, Problem> {
    let mut fields = body.fields();
    let name = fields.required_string("name").unwrap_or_default();
    let canonical = fields.string("canonical_name");
    let words = words(&mut fields);
    fields.finish()?;
    Ok(ProjectOrder {
        naming: match canonical {
            None => Naming::Derived(display_name(name)?),
            Some(canonical) => naming(name, canonical)?,
        },
        description: words.description.flatten(),
        visibility: words.visibility.unwrap_or(Visibility::Private),
        team: words.team.flatten(),
        metadata: Metadata::default(),
    })
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let query = project_query(call.query())?;
    let window = query.window;
    let page = call.app.projects(&call.caller, query).await?;
    let data = page.items.iter().map(OrganisationProject::of).collect();
    Ok(Reply::ok(&OrganisationProjectList { data, pagination: PagePagination::new(window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let project = call.app.project(&call.caller, &call.project()).await?;
    if call.knows(project.version) {
        return Ok(not_modified(project.version));
    }
    Ok(Reply::ok(&OrganisationProject::of(&project)).version(project.version).into())
}
