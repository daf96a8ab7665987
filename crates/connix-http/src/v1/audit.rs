//! The audit log on `/api/v1` (contract section 10).

use crate::call::Call;
use crate::problem::Problem;
use crate::query::{CursorPagination, Query};
use crate::reply::Reply;
use crate::rfc3339::Instant;
use crate::route::{Answer, CURSOR, Method, Parameter, ParameterType, Route};
use actix_web::{HttpResponse, web};
use connix_domain::audit::{AuditEntry, Outcome, PlacedEntry};
use connix_domain::event::Actor;
use connix_domain::page::AuditQuery;
use connix_domain::permission::Permission;
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

const QUERY: &[Parameter] = &[
    Parameter::new("actor", ParameterType::Text, "Done by this member (`user_…`), or by the service itself (`system`)"),
    Parameter::new("action", ParameterType::Text, "Exactly this action, such as `deleteProject`"),
    Parameter::new("resource_type", ParameterType::Text, "Done to this kind of resource, such as `project`"),
    Parameter::new("resource_id", ParameterType::Text, "Done to exactly this resource"),
    Parameter::new("outcome", ParameterType::Words(&["done", "refused"]), "What became of it"),
    Parameter::new("start_time", ParameterType::Instant, "At or after"),
    Parameter::new("end_time", ParameterType::Instant, "Before"),
    Parameter::new(
        "order",
        ParameterType::Words(&["asc", "desc"]),
        "The oldest first (the default) or the newest; `after` goes on in that order",
    ),
];

/// The entries of the table.
pub(crate) const ROUTES: &[Route] = &[Route::new(Method::Get, "/api/v1/audit-log", "listAuditLog", || web::to(list))
    .about("Audit", "Who did what to which resource through which credential; refused attempts too")
    .needs(Permission::AuditRead)
    .query(&[CURSOR, QUERY])
    .answers(&[Answer::of::<AuditPage>(200, "A part of the audit log")])];

/// Who did it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditActor")]
struct ActorView {
    /// `member`, or `system` for the service itself.
    r#type: &'static str,
    id: Option<String>,
}

/// What it was done to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditResource")]
struct ResourceView<'e> {
    /// `project`, `agent`, …; `path` where a refused call never came to a resource.
    r#type: &'e str,
    id: &'e str,
}

/// An entry.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditEntry")]
struct EntryView<'e> {
    /// Its place in the organisation's log: from 1 on, without gaps.
    sequence: i64,
    timestamp: Instant,
    actor: ActorView,
    /// The API key's public part, the application's `client_id`, or the session of the console; null on the command line and where
    /// nobody has signed in yet.
    credential: Option<&'e str>,
    /// The operation of the API, such as `deleteProject`, or the command.
    action: &'e str,
    resource: ResourceView<'e>,
    /// `done` or `refused`.
    outcome: &'static str,
    /// Names of fields, never their values.
    changed_fields: &'e [String],
    request_id: Option<&'e str>,
    ip_address: Option<IpAddr>,
    user_agent: Option<&'e str>,
}

/// A part of the log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditLog")]
struct AuditPage<'e> {
    data: Vec<EntryView<'e>>,
    pagination: CursorPagination,
}

impl<'e> EntryView<'e> {
    fn of(PlacedEntry { sequence, entry }: &'e PlacedEntry) -> Self {
        Self {
            sequence: *sequence,
            timestamp: entry.at.into(),
            actor: actor(entry),
            credential: entry.credential.as_deref(),
            action: &entry.origin.action,
            resource: ResourceView { r#type: &entry.target_kind, id: &entry.target_id },
            outcome: entry.outcome.as_str(),
            changed_fields: &entry.changed,
            request_id: entry.origin.request_id.as_deref(),
            ip_address: entry.origin.address,
            user_agent: entry.origin.user_agent.as_deref(),
        }
    }
}

fn actor(entry: &AuditEntry) -> ActorView {
    match entry.actor {
        Actor::Member(user) => ActorView { r#type: "member", id: Some(user.to_string()) },
        Actor::System => ActorView { r#type: "system", id: None },
    }
}

async fn list(call: Call) -> Result<HttpResponse, Problem> {
    let query = audit_query(call.query())?;
    let part = call.app.audit_log(&call.caller, &query).await?;
    let data: Vec<_> = part.items.iter().map(EntryView::of).collect();
    let next = data.last().map_or(query.after.unwrap_or(0), |last| last.sequence);
    Ok(Reply::ok(&AuditPage { data, pagination: CursorPagination { next, has_more: part.has_more } }).into())
}

fn audit_query(mut query: Query) -> Result<AuditQuery, Problem> {
    let actor = query.text("actor").map(|text| text.parse());
    if let Some(Err(_)) = actor {
        query.fault("actor", "must be a member's id (user_…) or system");
    }
    let (after, limit) = query.cursor();
    let read = AuditQuery {
        actor: actor.and_then(Result::ok),
        action: query.text("action"),
        target_kind: query.text("resource_type"),
        target_id: query.text("resource_id"),
        outcome: query.word::<Outcome>("outcome"),
        start: query.instant("start_time"),
        end: query.instant("end_time"),
        after,
        newest_first: query.choice("order", &[("asc", false), ("desc", true)], "must be asc or desc").unwrap_or(false),
        limit,
    };
    if read.start.zip(read.end).is_some_and(|(start, end)| start > end) {
        query.fault("end_time", "must not be before start_time");
    }
    query.finish()?;
    Ok(read)
}
