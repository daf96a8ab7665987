//! Tasks of an agent on `/api/v1` (contract section 6).

mod body;
mod stream;
mod view;

use crate::body::{JsonBody, NoBody};
use crate::call::Call;
use crate::event_stream;
use crate::idempotency::{self, Turn};
use crate::problem::Problem;
use crate::query::{OffsetPagination, Query};
use crate::reply::Reply;
use crate::route::{Answer, CURSOR, METADATA, Method, OFFSET, Parameter, ParameterType, Route, TIMES};
use actix_web::{HttpResponse, web};
use connix_application::Error;
use connix_domain::id::AgentId;
use connix_domain::page::{TaskQuery, Window};
use connix_domain::permission::Permission;
use connix_domain::task::Task;
use std::time::Duration;
use view::{EntryView, JournalPage, TaskList, TaskView};

const TAG: &str = "Tasks";
const COLLECTION: &str = "/api/v1/projects/{project}/agents/{agent}/tasks";
const ITEM: &str = "/api/v1/projects/{project}/agents/{agent}/tasks/{task}";

const WAIT: &[Parameter] = &[Parameter::new(
    "wait",
    ParameterType::Integer { least: 1, most: 30, usual: None },
    "Answer when the task has ended, or after so many seconds with what it is then",
)];
const SORT: &[Parameter] = &[
    Parameter::new(
        "status",
        ParameterType::Words(&["queued", "running", "completed", "failed", "cancelled"]),
        "Filter by task status",
    ),
    Parameter::new("sort", ParameterType::Words(&["created_at", "-created_at"]), "Sort order (default -created_at)"),
];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Post, COLLECTION, "createTask", || web::to(create))
        .about(TAG, "Give an agent a task")
        .needs(Permission::RunsWrite)
        .starts_work()
        .query(&[WAIT])
        .may_wait()
        .takes::<body::CreateTask>()
        .answers(&[Answer::of::<TaskView>(201, "The task")]),
    Route::new(Method::Get, COLLECTION, "listTasks", || web::to(list))
        .about(TAG, "List the tasks of an agent")
        .needs(Permission::RunsRead)
        .query(&[OFFSET, SORT, TIMES, METADATA])
        .answers(&[Answer::of::<TaskList>(200, "A part of the list")]),
    Route::new(Method::Get, ITEM, "getTask", || web::to(get))
        .about(TAG, "Get a task")
        .needs(Permission::RunsRead)
        .answers(&[Answer::of::<TaskView>(200, "The task")]),
    Route::new(Method::Post, "/api/v1/projects/{project}/agents/{agent}/tasks/{task}/cancel", "cancelTask", || {
        web::to(cancel)
    })
    .about(TAG, "Call a task off")
    .needs(Permission::RunsWrite)
    .answers(&[Answer::of::<TaskView>(200, "The task; one that is running ends soon after")]),
    Route::new(Method::Get, "/api/v1/projects/{project}/agents/{agent}/tasks/{task}/events", "listTaskEvents", || {
        web::to(events)
    })
    .about(
        TAG,
        "Read what happened in a task: its journal; with `Accept: text/event-stream` as it happens, to the task's end",
    )
    .needs(Permission::RunsRead)
    .may_wait()
    .query(&[CURSOR])
    .answers(&[
        Answer::of::<JournalPage>(200, "A part of the journal, or its entries and then the task, an event each")
            .streaming::<EntryView>(),
        Answer::empty(204, "The stream has been told to the end: nothing comes after this event"),
    ]),
];

async fn create(call: Call, body: JsonBody) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let wait = query.integer("wait", 1..=30);
    query.finish()?;
    let order = body::order(&body)?;
    let (project, agent) = (call.project(), call.path("agent"));
    let provisional = |task: &Task| created(task).awaiting(wait.map(|_| task.id.to_string()));
    let turn = idempotency::first(&call, body.raw(), provisional, async |remember| {
        call.app.create_task(&call.caller, &project, agent, order, remember).await
    });
    let longest = wait.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    match (turn.await?, longest) {
        (Turn::First(task), None) => Ok(created(&task).into()),
        (Turn::First(task), Some(longest)) => {
            let answer = call.app.wait_for_task(&call.caller, &task, longest).await?;
            Ok(idempotency::settle(&call, body.raw(), &provisional(&task), created(&answer)).await?.into())
        }
        (Turn::Repeated(reply), longest) => Ok(idempotency::replayed(repeated(&call, &body, reply, longest).await?)),
    }
}

/// The answer to a call that was made before. Whoever made it may have gone, or its server, before the task had ended: then this
/// call waits in its place.
async fn repeated(call: &Call, body: &JsonBody, reply: Reply, longest: Option<Duration>) -> Result<Reply, Problem> {
    let (Some(longest), Some(id)) = (longest, reply.awaits()) else { return Ok(reply) };
    match call.app.task(&call.caller, &call.project(), call.path("agent"), id).await {
        Ok(task) => {
            let answer = call.app.wait_for_task(&call.caller, &task, longest).await?;
            idempotency::settle(call, body.raw(), &reply, created(&answer)).await
        }
        Err(Error::NotFound(_)) => Ok(reply),
        Err(error) => Err(error.into()),
    }
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let query = task_query(call.query())?;
    let window = query.window;
    let page = call.app.tasks(&call.caller, &call.project(), call.path("agent"), query).await?;
    let tasks = page.items.iter().map(TaskView::of).collect();
    Ok(Reply::ok(&TaskList { tasks, pagination: OffsetPagination::new(window, page.total) }).into())
}

async fn get(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let task = call.app.task(&call.caller, &call.project(), call.path("agent"), call.path("task")).await?;
    Ok(shown(&task).into())
}

async fn cancel(call: Call, body: NoBody) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let (project, agent, task) = (call.project(), call.path("agent"), call.path("task"));
    idempotency::once(&call, body.raw(), shown, async |remember| {
        call.app.cancel_task(&call.caller, &project, agent, task, remember).await
    })
    .await
}

async fn events(call: Call) -> Result<HttpResponse, Problem> {
    let mut query = call.query();
    let (after, limit) = query.cursor();
    query.finish()?;
    let after = after.unwrap_or(0);
    if event_stream::is_wanted(call.request()) {
        return stream::answer(&call, after).await;
    }
    let window = Window { limit, offset: after };
    let page = call.app.journal(&call.caller, &call.project(), call.path("agent"), call.path("task"), window).await?;
    Ok(Reply::ok(&JournalPage::of(&page, after)).into())
}

fn shown(task: &Task) -> Reply {
    Reply::ok(&TaskView::of(task)).version(task.version)
}

fn created(task: &Task) -> Reply {
    let location = format!("/api/v1/projects/{}/agents/{}/tasks/{}", task.project, task.agent, task.id);
    Reply::created(&TaskView::of(task), location).version(task.version)
}

fn task_query(mut query: Query) -> Result<TaskQuery, Problem> {
    let issue = "must be one of created_at, -created_at";
    let read = TaskQuery {
        agent: AgentId::new(0), // the application puts the agent in
        window: query.window(100, 20),
        phase: query.word("status"),
        newest_first: query.choice("sort", &[("created_at", false), ("-created_at", true)], issue).unwrap_or(true),
        filter: query.unsearched_filter(),
    };
    query.finish()?;
    Ok(read)
}
