//! A task as a stream of events: the entries of its journal, and then the task as it ended.

use super::view::{EntryView, TaskView};
use crate::call::Call;
use crate::event_stream::{self, Events, Source};
use crate::problem::Problem;
use actix_web::HttpResponse;
use connix_application::{Error, JournalFollower, Next, Step};
use connix_domain::task::TaskPhase;
use std::time::Duration;

/// Answers with what comes after a number; 204, on which a browser does not come back, when that was the end.
pub(super) async fn answer(call: &Call, after: i64) -> Result<HttpResponse, Problem> {
    let after = event_stream::resumed(call.request(), Some(after))?.unwrap_or(0);
    let app = call.app.clone().into_inner();
    let (agent, task) = (call.path("agent"), call.path("task"));
    let follower = app.follow_task(&call.caller, &call.project(), agent, task, after).await?;
    if follower.is_told() { Ok(HttpResponse::NoContent().finish()) } else { event_stream::respond(call, follower) }
}

impl Source for JournalFollower {
    type Item = Step;

    async fn next(&mut self, longest: Duration) -> Result<Next<Step>, Error> {
        Self::next(self, longest).await
    }

    fn tell(step: &Step, events: &mut Events) {
        match step {
            Step::Entries(entries) => {
                for entry in entries {
                    events.add(entry.sequence, entry.kind.as_str(), &EntryView::of(entry));
                }
            }
            Step::Ended { sequence, task } => events.add(*sequence, end(task.phase), &TaskView::of(task)),
        }
    }
}

/// The name of the event that a task ends with.
const fn end(phase: TaskPhase) -> &'static str {
    match phase {
        TaskPhase::Completed => "task.completed",
        TaskPhase::Failed => "task.failed",
        TaskPhase::Cancelled => "task.cancelled",
        TaskPhase::Queued | TaskPhase::Running => "task.updated",
    }
}
