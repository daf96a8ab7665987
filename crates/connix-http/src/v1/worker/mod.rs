//! The worker protocol's routes, `/api/v1/worker` (contract section 8). Its messages are named in `connix-worker-protocol`.

mod session;
mod task;
mod wire;

use crate::body::WireBody;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::route::{Answer, Method, Route};
use actix_web::{HttpResponse, web};
use connix_worker_protocol::session::Acknowledged;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

const TAG: &str = "Worker protocol";

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    message(Method::Post, "/api/v1/worker/sessions", "openWorkerSession", || web::to(session::open))
        .about(TAG, "A worker says hello"),
    message(Method::Post, "/api/v1/worker/sessions/{session}/heartbeat", "sendWorkerHeartbeat", || {
        web::to(session::heartbeat)
    })
    .about(TAG, "A worker says what it does, and waits for directives"),
    message(Method::Get, "/api/v1/worker/sessions/{session}/config", "getWorkerConfig", || web::to(session::config))
        .about(TAG, "Get the newest configuration"),
    message(Method::Post, "/api/v1/worker/sessions/{session}/config-applied", "acknowledgeWorkerConfig", || {
        web::to(session::config_applied)
    })
    .about(TAG, "A worker uses a configuration from now on"),
    message(Method::Delete, "/api/v1/worker/sessions/{session}", "closeWorkerSession", || web::to(session::close))
        .about(TAG, "A worker leaves"),
    message(Method::Post, "/api/v1/worker/sessions/{session}/claim", "claimTask", || web::to(task::claim))
        .about(TAG, "Wait for a task")
        .answers(&[Answer::of::<WorkerMessage>(200, "A task"), Answer::empty(204, "There was none in time")]),
    message(Method::Post, "/api/v1/worker/sessions/{session}/logs", "appendWorkerLogs", || web::to(session::logs))
        .about(TAG, "Append lines to the agent's log")
        .answers(&[Answer::of::<WorkerMessage>(202, "How far the log is kept")]),
    message(Method::Post, "/api/v1/worker/tasks/{task}/events", "appendTaskEvents", || web::to(task::events))
        .about(TAG, "Append steps to a task's journal"),
    message(Method::Post, "/api/v1/worker/tasks/{task}/complete", "completeTask", || web::to(task::complete))
        .about(TAG, "The attempt completed its task"),
    message(Method::Post, "/api/v1/worker/tasks/{task}/fail", "failTask", || web::to(task::fail))
        .about(TAG, "The attempt failed"),
    message(Method::Post, "/api/v1/worker/tasks/{task}/cancelled", "acknowledgeTaskCancellation", || {
        web::to(task::cancelled)
    })
    .about(TAG, "The attempt let go of a task that was called off"),
    message(Method::Post, "/api/v1/worker/tasks/{task}/release", "releaseTask", || web::to(task::release))
        .about(TAG, "The attempt gives its task back unfinished"),
];

const ANSWERED: &[Answer] = &[Answer::of::<WorkerMessage>(200, "The server's answer")];

const fn message(
    method: Method,
    path: &'static str,
    operation_id: &'static str,
    handler: fn() -> actix_web::Route,
) -> Route {
    let route = Route::new(method, path, operation_id, handler).for_workers().answers(ANSWERED);
    match method {
        Method::Get => route,
        Method::Post | Method::Put | Method::Patch | Method::Delete => route.takes::<WorkerMessage>(),
    }
}

/// A message of the protocol; the crate that server and worker share names its fields.
struct WorkerMessage;

impl JsonSchema for WorkerMessage {
    fn schema_name() -> Cow<'static, str> {
        "WorkerMessage".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": true,
            "description": "A message of worker protocol 1; the crate connix-worker-protocol names its fields.",
        })
    }
}

/// `{}`: the call's success says it all.
fn acknowledged() -> HttpResponse {
    Reply::ok(&Acknowledged {}).into()
}

/// What a worker's handler gives.
type Handled = Result<HttpResponse, Problem>;
