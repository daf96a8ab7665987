//! Agents on `/api/v1` (AGNT, OVER, CANO; contract section 6).

mod action;
mod body;
mod launch;
mod reveal;
mod view;

pub(crate) use action::ROUTES as ACTION_ROUTES;
pub(crate) use launch::ROUTES as LAUNCH_ROUTES;

use crate::body::{JsonBody, NoBody};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::{OffsetPagination, Query};
use crate::reply::Reply;
use crate::route::{Answer, METADATA, Method, OFFSET, Parameter, ParameterType, Route, SEARCH, TIMES};
use actix_web::{HttpResponse, web};
use connix_application::AgentDetails;
use connix_domain::agent::AgentPhase;
use connix_domain::id::ProjectId;
use connix_domain::page::{AgentQuery, Sort, SortBy};
use connix_domain::permission::Permission;
use connix_domain::rate_limit::Policy;
use reveal::Environment;
use view::{AgentList, AgentRemoved, AgentView};

const TAG: &str = "Agents";
const COLLECTION: &str = "/api/v1/projects/{project}/agents";
const ITEM: &str = "/api/v1/projects/{project}/agents/{agent}";

const SORT: &[Parameter] = &[
    Parameter::new(
        "status",
        ParameterType::Words(&["creating", "running", "paused", "stopped", "error", "updating"]),
        "Filter by agent status",
    ),
    Parameter::new(
        "sort",
        ParameterType::Words(&["created_at", "-created_at", "name", "-name"]),
        "Sort order (default -created_at)",
    ),
];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createAgent", || web::to(create))
        .about(TAG, "Create an agent in a project")
        .needs(Permission::AgentsWrite)
        .limited(Policy::AgentsCreate)
        .starts_work()
        .query(&[reveal::REVEAL])
        .takes::<body::CreateAgent>()
        .answers(&[Answer::of::<AgentView>(201, "The agent")]),
    Route::new(Method::Get, COLLECTION, "listAgents", || web::to(list))
        .about(TAG, "List the agents of a project")
        .needs(Permission::AgentsRead)
        .limited(Policy::AgentsList)
        .query(&[OFFSET, SORT, SEARCH, TIMES, METADATA])
        .answers(&[Answer::of::<AgentList>(200, "A part of the list")]),
    Route::new(Method::Get, ITEM, "getAgent", || web::to(get))
        .about(TAG, "Get an agent")
        .needs(Permission::AgentsRead)
        .limited(Policy::AgentsGet)
        .query(&[reveal::REVEAL])
        .answers(&[Answer::of::<AgentView>(200, "The agent")]),
    Route::new(Method::Put, ITEM, "updateAgent", || web::to(update))
        .about(TAG, "Update an agent; what is left out stays")
        .needs(Permission::AgentsWrite)
        .limited(Policy::AgentsUpdate)
        .query(&[reveal::REVEAL])
        .takes::<body::UpdateAgent>()
        .answers(&[Answer::of::<AgentView>(200, "The agent as it is now")]),
    Route::new(Method::Patch, ITEM, "patchAgent", || web::to(update))
        .about(TAG, "The same as updateAgent")
        .needs(Permission::AgentsWrite)
        .limited(Policy::AgentsUpdate)
        .query(&[reveal::REVEAL])
        .takes::<body::UpdateAgent>()
        .answers(&[Answer::of::<AgentView>(200, "The agent as it is now")]),
    Route::new(Method::Delete, ITEM, "deleteAgent", || web::to(delete))
        .about(TAG, "Delete an agent and all associated data")
        .needs(Permission::AgentsWrite)
        .limited(Policy::AgentsDelete)
        .answers(&[Answer::of::<AgentRemoved>(200, "It is deleted")]),
];

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    let shown = reveal::asked(&call)?; // to whoever sent it
    let order = body::order(&call.app, &body)?;
    let tools = call.app.catalogue();
    let reply = |made: &AgentDetails| {
        let view = AgentView::whole(made, shown).with_tools_of(&tools);
        Reply::created(&view, location(made)).version(made.agent.version)
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.create_agent(&call.caller, &call.project(), order, remember).await
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let query = agent_query(call.query())?;
    let window = query.window;
    let page = call.app.agents(&call.caller, &call.project(), query).await?;
    let tools = call.app.catalogue();
    let agents = page.items.iter().map(|agent| AgentView::listed(agent).with_tools_of(&tools)).collect();
    Ok(Reply::ok(&AgentList { agents, pagination: OffsetPagination::new(window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    let environment = reveal::asked(&call)?;
    let found = call.app.agent(&call.caller, &call.project(), call.path("agent")).await?;
    shown(&call, &found, environment).await
}

async fn update(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    let environment = reveal::asked(&call)?;
    let (update, echo) = body::update(&call.app, &body)?;
    let (project, agent) = (call.project(), call.path("agent"));
    if !echo.is_empty() {
        let present = call.app.agent(&call.caller, &project, agent).await?;
        let shown = AgentView::listed(&present.agent).with_tools_of(&call.app.catalogue());
        echo.unchanged(&shown).map_err(body::told_of_configuration)?;
    }
    let updated = call.app.update_agent(&call.caller, &project, agent, &call.precondition(), &update).await;
    shown(&call, &updated.map_err(|error| body::told_of_configuration(error.into()))?, environment).await
}

async fn delete(call: Call, _: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let removed =
        call.app.delete_agent(&call.caller, &call.project(), call.path("agent"), &call.precondition()).await?;
    Ok(Reply::ok(&AgentRemoved::of(removed)).into())
}

async fn shown(call: &Call, found: &AgentDetails, environment: Environment) -> Result<HttpResponse, Problem> {
    reveal::account(call, &found.agent, environment).await?;
    let view = AgentView::whole(found, environment).with_tools_of(&call.app.catalogue());
    Ok(Reply::ok(&view).version(found.agent.version).into())
}

/// Where an agent is found.
fn location(made: &AgentDetails) -> String {
    format!("/api/v1/projects/{}/agents/{}", made.project.id, made.agent.id)
}

fn agent_query(mut query: Query) -> Result<AgentQuery, Problem> {
    let window = query.window(100, 20);
    let (oldest, named) = (Sort { descending: false, ..Sort::NEWEST }, Sort { by: SortBy::Name, descending: false });
    let sorts = [
        ("created_at", oldest),
        ("-created_at", Sort::NEWEST),
        ("name", named),
        ("-name", Sort { descending: true, ..named }),
    ];
    let issue = "must be one of created_at, -created_at, name, -name";
    let read = AgentQuery {
        project: ProjectId::new(0), // the application puts the project in
        window,
        sort: query.choice("sort", &sorts, issue).unwrap_or(Sort::NEWEST),
        status: status(&mut query),
        filter: query.filter(),
    };
    query.finish()?;
    Ok(read)
}

/// The words of AGNT, which are fewer than the phases.
fn status(query: &mut Query) -> Option<String> {
    let words = [
        AgentPhase::Creating,
        AgentPhase::Running,
        AgentPhase::Paused,
        AgentPhase::Stopped,
        AgentPhase::Error,
        AgentPhase::UpdatingRunning,
    ]
    .map(|phase| (phase.status(), phase.status()));
    let issue = "must be one of creating, running, paused, stopped, error, updating";
    query.choice("status", &words, issue).map(str::to_owned)
}
