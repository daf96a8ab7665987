//! Commands to an agent, and the token of a worker that its owner runs (AGNT; contract sections 6 and 8).

use crate::body::NoBody;
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::route::{Answer, Method, Route};
use actix_web::{HttpResponse, web};
use connix_application::AgentCommand;
use connix_domain::agent::Agent;
use connix_domain::permission::Permission;
use connix_domain::port::secrets::Secret;
use connix_domain::rate_limit::Policy;
use schemars::JsonSchema;
use serde::Serialize;

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    action("/api/v1/projects/{project}/agents/{agent}/start", "startAgent", || web::to(start))
        .about(super::TAG, "Start a paused or stopped agent")
        .starts_work(),
    action("/api/v1/projects/{project}/agents/{agent}/pause", "pauseAgent", || web::to(pause))
        .about(super::TAG, "Temporarily pause a running agent"),
    action("/api/v1/projects/{project}/agents/{agent}/stop", "stopAgent", || web::to(stop))
        .about(super::TAG, "Stop a running agent"),
    action("/api/v1/projects/{project}/agents/{agent}/restart", "restartAgent", || web::to(restart))
        .about(super::TAG, "Restart an agent (stop and start)")
        .starts_work(),
    action("/api/v1/projects/{project}/agents/{agent}/worker-token", "createWorkerToken", || web::to(worker_token))
        .about(super::TAG, "Make the token of the worker that an external agent's owner runs; the one before ends")
        .answers(&[Answer::of::<WorkerToken>(201, "The token, shown once")]),
];

const COMMANDED: &[Answer] = &[Answer::of::<AgentCommanded>(200, "What holds from now on")];

const fn action(path: &'static str, operation_id: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::new(Method::Post, path, operation_id, handler)
        .needs(Permission::AgentsWrite)
        .limited(Policy::AgentsActions)
        .answers(COMMANDED)
}

/// An accepted command.
#[derive(Debug, Serialize, JsonSchema)]
struct AgentCommanded {
    message: String,
    agent_id: String,
    status: &'static str,
}

/// A worker's token.
#[derive(Debug, Serialize, JsonSchema)]
struct WorkerToken<'t> {
    agent_id: &'t str,
    /// `cxw_…`; it is not shown again.
    token: &'t str,
}

async fn start(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    command(call, body, AgentCommand::Start).await
}

async fn pause(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    command(call, body, AgentCommand::Pause).await
}

async fn stop(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    command(call, body, AgentCommand::Stop).await
}

async fn restart(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    command(call, body, AgentCommand::Restart).await
}

async fn command(call: Call, body: NoBody, command: AgentCommand) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let reply = |agent: &Agent| {
        Reply::ok(&AgentCommanded {
            message: format!("Agent {} successfully", done(command)),
            agent_id: agent.id.to_string(),
            status: agent.phase.status(),
        })
    };
    idempotency::once(&call, body.raw(), reply, async |remember| {
        let on = call.precondition();
        call.app.command_agent(&call.caller, &call.project(), call.path("agent"), &on, command, remember).await
    })
    .await
}

const fn done(command: AgentCommand) -> &'static str {
    match command {
        AgentCommand::Start => "started",
        AgentCommand::Pause => "paused",
        AgentCommand::Stop => "stopped",
        AgentCommand::Restart => "restarted",
    }
}

async fn worker_token(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let agent_id = call.path("agent");
    let reply = |token: &Secret| Reply::of(201, &WorkerToken { agent_id, token: token.expose() }).secret();
    idempotency::once(&call, body.raw(), reply, async |remember| {
        call.app.worker_token(&call.caller, &call.project(), agent_id, &call.precondition(), remember).await
    })
    .await
}
