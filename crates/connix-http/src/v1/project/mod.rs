//! Projects on `/api/v1` (PROJ, CANO; contract section 5).

mod body;
mod reference;
mod view;

pub(crate) use body::{display_name, naming, words};
pub(crate) use reference::{ProjectReference, reference};
pub(crate) use view::PROJECT_STATUS;

use crate::body::{JsonBody, NoBody};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::{PagePagination, Query};
use crate::reply::{Reply, not_modified};
use crate::route::{Answer, METADATA, Method, PAGE, Parameter, ParameterType, Route, SEARCH, SORT, TIMES};
use actix_web::{HttpResponse, web};
use body::Write;
use connix_domain::page::ProjectQuery;
use connix_domain::permission::Permission;
use connix_domain::project::Project;
use view::{ProjectList, ProjectRemoved, ProjectView};

const TAG: &str = "Projects";
const COLLECTION: &str = "/api/v1/projects";
const ITEM: &str = "/api/v1/projects/{project}";

const CASCADE: &[Parameter] =
    &[Parameter::new("cascade", ParameterType::Flag, "Delete it even if agents in it are alive, and those with it")];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createProject", || web::to(create))
        .about(TAG, "Create a project")
        .needs(Permission::ProjectsWrite)
        .takes::<body::CreateProject>()
        .answers(&[Answer::of::<ProjectView>(201, "The project")]),
    Route::new(Method::Get, COLLECTION, "listProjects", || web::to(list))
        .about(TAG, "List projects")
        .needs(Permission::ProjectsRead)
        .query(&[PAGE, SORT, PROJECT_STATUS, SEARCH, TIMES, METADATA])
        .answers(&[Answer::of::<ProjectList>(200, "A page of projects")]),
    Route::new(Method::Get, ITEM, "getProject", || web::to(get))
        .about(TAG, "Get a project")
        .needs(Permission::ProjectsRead)
        .answers(&[Answer::of::<ProjectView>(200, "The project")]),
    Route::new(Method::Put, ITEM, "updateProject", || web::to(replace))
        .about(TAG, "Update a project")
        .needs(Permission::ProjectsWrite)
        .takes::<body::UpdateProject>()
        .answers(&[Answer::of::<ProjectView>(200, "The project as it is now")]),
    Route::new(Method::Patch, ITEM, "patchProject", || web::to(amend))
        .about(TAG, "Partially update a project")
        .needs(Permission::ProjectsWrite)
        .takes::<body::PatchProject>()
        .answers(&[Answer::of::<ProjectView>(200, "The project as it is now")]),
    Route::new(Method::Delete, ITEM, "deleteProject", || web::to(delete))
        .about(TAG, "Delete a project and everything in it")
        .needs(Permission::ProjectsWrite)
        .query(&[CASCADE])
        .answers(&[Answer::of::<ProjectRemoved>(200, "It is deleted")]),
];

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let order = body::order(&body)?;
    let reply = |project: &Project| {
        Reply::created(&ProjectView::of(project), format!("{COLLECTION}/{}", project.number)).version(project.version)
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.create_project(&call.caller, order, remember).await
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let query = project_query(call.query())?;
    let window = query.window;
    let page = call.app.projects(&call.caller, query).await?;
    let projects = page.items.iter().map(ProjectView::of).collect();
    Ok(Reply::ok(&ProjectList { projects, pagination: PagePagination::new(window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let project = call.app.project(&call.caller, &call.project()).await?;
    if call.knows(project.version) {
        return Ok(not_modified(project.version));
    }
    Ok(shown(&project))
}

async fn replace(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    change(call, body, Write::Replace).await
}

async fn amend(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    change(call, body, Write::Amend).await
}

async fn change(call: Call, body: JsonBody, write: Write) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (change, echo) = body::change(&body, write)?;
    let wanted = call.project();
    if !echo.is_empty() {
        let present = call.app.project(&call.caller, &wanted).await?;
        echo.unchanged(&ProjectView::of(&present))?;
    }
    let project = call.app.change_project(&call.caller, &wanted, &call.precondition(), &change).await?;
    Ok(shown(&project))
}

async fn delete(call: Call, _: NoBody) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let cascade = query.flag("cascade").unwrap_or(false);
    query.finish()?;
    let removed = call.app.delete_project(&call.caller, &call.project(), &call.precondition(), cascade).await?;
    Ok(Reply::ok(&ProjectRemoved::of(removed)).into())
}

fn shown(project: &Project) -> HttpResponse {
    Reply::ok(&ProjectView::of(project)).version(project.version).into()
}

/// The list that a query string asks for, on both mounts.
pub(crate) fn project_query(mut query: Query) -> Result<ProjectQuery, Problem> {
    let read = ProjectQuery {
        window: query.page(),
        sort: query.sort(),
        phase: query.one_of("status", body::STATUSES),
        filter: query.filter(),
        within: None,
        seen_by: None,
    };
    query.finish()?;
    Ok(read)
}
