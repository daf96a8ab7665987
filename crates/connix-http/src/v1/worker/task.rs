//! Calls about a task: claim, journal, outcome.

use super::{Handled, WireBody, acknowledged, wire};
use crate::call::WorkerCall;
use crate::problem::Problem;
use crate::reply::Reply;
use actix_web::HttpResponse;
use connix_domain::id::{SessionId, TaskId};
use connix_worker_protocol::task::{
    AppendEvents, CancelledTask, Claim, Claimed, CompleteTask, EventsAccepted, FailTask, ReleaseTask,
};
use std::time::Duration;

pub(super) async fn claim(call: WorkerCall, WireBody(claim): WireBody<Claim>) -> Handled {
    let session = wire::session(call.path("session"))?;
    let lease = call.app.settings().intervals.lease;
    match call.app.claim(call.worker, session, Duration::from_millis(claim.wait_ms)).await? {
        Some(claimed) => Ok(Reply::ok(&Claimed { task: wire::claimed(claimed, lease) }).into()),
        None => Ok(HttpResponse::NoContent().finish()),
    }
}

pub(super) async fn events(call: WorkerCall, WireBody(events): WireBody<AppendEvents>) -> Handled {
    wire::check_numbering("events", events.first_seq, events.events.len(), wire::MOST_EVENTS)?;
    let (session, attempt) = held(&call, &events.session_id, events.attempt)?;
    let notes = events.events.into_iter().map(wire::note).collect();
    let accepted_through = call.app.append_journal(call.worker, session, attempt, events.first_seq, notes).await?;
    Ok(Reply::ok(&EventsAccepted { accepted_through }).into())
}

pub(super) async fn complete(call: WorkerCall, WireBody(done): WireBody<CompleteTask>) -> Handled {
    let (session, attempt) = held(&call, &done.session_id, done.attempt)?;
    call.app.complete_task(call.worker, session, attempt, done.output, wire::usage(done.usage)).await?;
    Ok(acknowledged())
}

pub(super) async fn fail(call: WorkerCall, WireBody(failed): WireBody<FailTask>) -> Handled {
    let (session, attempt) = held(&call, &failed.session_id, failed.attempt)?;
    call.app.fail_task(call.worker, session, attempt, wire::failure(failed.error), wire::usage(failed.usage)).await?;
    Ok(acknowledged())
}

pub(super) async fn cancelled(call: WorkerCall, WireBody(gone): WireBody<CancelledTask>) -> Handled {
    let (session, attempt) = held(&call, &gone.session_id, gone.attempt)?;
    call.app.task_cancelled(call.worker, session, attempt, wire::usage(gone.usage)).await?;
    Ok(acknowledged())
}

pub(super) async fn release(call: WorkerCall, WireBody(back): WireBody<ReleaseTask>) -> Handled {
    let (session, attempt) = held(&call, &back.session_id, back.attempt)?;
    call.app.release_task(call.worker, session, attempt, wire::usage(back.usage)).await?;
    Ok(acknowledged())
}

/// The session that speaks, and the attempt it speaks about.
fn held(call: &WorkerCall, session: &str, attempt: i64) -> Result<(SessionId, (TaskId, i64)), Problem> {
    Ok((wire::session(session)?, (wire::task(call.path("task"))?, attempt)))
}
