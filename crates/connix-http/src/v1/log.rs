//! An agent's log on `/api/v1` (AGNT; contract section 6).

use crate::call::Call;
use crate::event_stream::{self, Events, Source};
use crate::problem::Problem;
use crate::query::{OffsetPagination, Query};
use crate::reply::Reply;
use crate::rfc3339::Instant;
use crate::route::{Answer, Method, Parameter, ParameterType, Route};
use actix_web::{HttpResponse, web};
use connix_application::{Error, LogFollower, LogStart, Next};
use connix_domain::id::AgentId;
use connix_domain::log::{LogLevel, LogLine, PlacedLine};
use connix_domain::page::LogQuery;
use connix_domain::permission::Permission;
use connix_domain::rate_limit::Policy;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

const QUERY: &[Parameter] = &[
    Parameter::new("level", ParameterType::Words(&["debug", "info", "warn", "error"]), "Exactly this level"),
    Parameter::new("start_time", ParameterType::Instant, "Written at or after"),
    Parameter::new("end_time", ParameterType::Instant, "Written before"),
    Parameter::new("limit", ParameterType::Integer { least: 1, most: 1000, usual: Some(100) }, "Number of log entries"),
    Parameter::new("offset", ParameterType::Integer { least: 0, most: 1_000_000, usual: Some(0) }, "Entries to skip"),
];

const STREAM: &[Parameter] = &[
    Parameter::new("level", ParameterType::Words(&["debug", "info", "warn", "error"]), "Exactly this level"),
    Parameter::new(
        "after",
        ParameterType::Integer { least: 0, most: i64::MAX, usual: None },
        "The id of the event to go on after",
    ),
    Parameter::new(
        "tail",
        ParameterType::Integer { least: 0, most: 1000, usual: None },
        "Begin with so many of the last lines",
    ),
];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/api/v1/projects/{project}/agents/{agent}/logs", "listAgentLogs", || web::to(list))
        .about("Logs", "Retrieve the log of an agent, the newest lines first")
        .needs(Permission::AgentsRead)
        .limited(Policy::AgentsLogs)
        .query(&[QUERY])
        .answers(&[Answer::of::<LogPage>(200, "A part of the log")]),
    Route::new(Method::Get, "/api/v1/projects/{project}/agents/{agent}/logs/stream", "streamAgentLogs", || {
        web::to(stream)
    })
    .about(
        "Logs",
        "Follow the log of an agent: its lines in the order of their writing, from the oldest on unless told otherwise",
    )
    .needs(Permission::AgentsRead)
    .limited(Policy::AgentsLogs)
    .may_wait()
    .query(&[STREAM])
    .answers(&[Answer::empty(200, "The lines, an event each").streaming::<LineView>()]),
];

/// A line.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogEntry")]
struct LineView<'l> {
    timestamp: Instant,
    /// `debug`, `info`, `warn` or `error`.
    level: &'static str,
    message: &'l str,
    #[schemars(with = "Map<String, Value>")]
    context: &'l Value,
}

/// A part of an agent's log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LogList")]
struct LogPage<'l> {
    logs: Vec<LineView<'l>>,
    pagination: OffsetPagination,
}

impl<'l> LineView<'l> {
    fn of(line: &'l LogLine) -> Self {
        Self { timestamp: line.at.into(), level: line.level.as_str(), message: &line.message, context: &line.context }
    }
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let query = log_query(call.query())?;
    let window = query.window;
    let page = call.app.logs(&call.caller, &call.project(), call.path("agent"), query).await?;
    let logs = page.items.iter().map(LineView::of).collect();
    Ok(Reply::ok(&LogPage { logs, pagination: OffsetPagination::new(window, page.total) }).into())
}

async fn stream(call: Call) -> Result<HttpResponse, Problem> {
    let (level, start) = stream_query(&call)?;
    let app = call.app.clone().into_inner();
    let follower = app.follow_logs(&call.caller, &call.project(), call.path("agent"), level, start).await?;
    event_stream::respond(&call, follower)
}

/// Which lines, and where to begin.
fn stream_query(call: &Call) -> Result<(Option<LogLevel>, LogStart), Problem> {
    let mut query = call.query();
    let (level, after) = (query.word("level"), query.integer("after", 0..=i64::MAX));
    let tail = query.integer("tail", 0..=1000);
    if after.is_some() && tail.is_some() {
        query.fault("tail", "cannot be given with after");
    }
    query.finish()?;
    let start = match (event_stream::resumed(call.request(), after)?, tail) {
        (Some(position), _) => LogStart::After(position),
        (None, Some(count)) => LogStart::Last(count),
        (None, None) => LogStart::After(0),
    };
    Ok((level, start))
}

impl Source for LogFollower {
    type Item = Vec<PlacedLine>;

    async fn next(&mut self, longest: Duration) -> Result<Next<Self::Item>, Error> {
        Self::next(self, longest).await
    }

    fn tell(lines: &Self::Item, events: &mut Events) {
        for placed in lines {
            events.add(placed.position, "log", &LineView::of(&placed.line));
        }
    }
}

fn log_query(mut query: Query) -> Result<LogQuery, Problem> {
    let read = LogQuery {
        agent: AgentId::new(0), // the application puts the agent in
        level: query.word("level"),
        start: query.instant("start_time"),
        end: query.instant("end_time"),
        window: query.window(1000, 100),
    };
    if read.start.zip(read.end).is_some_and(|(start, end)| start > end) {
        query.fault("end_time", "must not be before start_time");
    }
    query.finish()?;
    Ok(read)
}
