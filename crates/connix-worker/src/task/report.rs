//! Telling the server how an attempt ended.

use std::ops::ControlFlow;

use connix_worker_protocol::session::Acknowledged;
use connix_worker_protocol::task::{CancelledTask, ClaimedTask, CompleteTask, FailTask, ReleaseTask, TaskError, Usage};

use super::outcome::Outcome;
use crate::server::{CallError, persist};
use crate::session::Session;
use crate::session::leave::Leave;

/// Reports until the server has heard it or the task is no longer this worker's. Breaks when the worker has to leave.
pub(super) async fn report(
    session: &Session,
    task: &ClaimedTask,
    outcome: Outcome,
    usage: Usage,
) -> ControlFlow<Leave> {
    tracing::debug!(task = task.id, attempt = task.attempt, ?outcome, "the attempt ended");
    // counted first: the server may call the task lost because it has just taken in this very report
    let patience = session.refusals.count(&outcome);
    told(session, task, outcome, usage).await?;
    patience
}

async fn told(session: &Session, task: &ClaimedTask, outcome: Outcome, usage: Usage) -> ControlFlow<Leave> {
    let report = Report { session, task, usage };
    let told = match &outcome {
        Outcome::Dropped => return ControlFlow::Continue(()),
        Outcome::Left(leave) => return ControlFlow::Break(*leave),
        outcome => report.deliver(outcome).await,
    };
    let after = match told {
        Ok(Acknowledged {}) => return ControlFlow::Continue(()),
        Err(error) => Outcome::of_call(&error),
    };
    match after {
        // The result itself is refused (too large, say): the task must end nevertheless.
        Outcome::Failed(_) if matches!(outcome, Outcome::Completed(_)) => after_refusal(report.deliver(&after).await),
        Outcome::Left(leave) => ControlFlow::Break(leave),
        _ => ControlFlow::Continue(()),
    }
}

fn after_refusal(told: Result<Acknowledged, CallError>) -> ControlFlow<Leave> {
    match told.map_err(|error| Outcome::of_call(&error)) {
        Err(Outcome::Left(leave)) => ControlFlow::Break(leave),
        _ => ControlFlow::Continue(()),
    }
}

struct Report<'a> {
    session: &'a Session,
    task: &'a ClaimedTask,
    usage: Usage,
}

impl Report<'_> {
    /// Repeats the call until it is answered, unless the task is lost meanwhile.
    async fn deliver(&self, outcome: &Outcome) -> Result<Acknowledged, CallError> {
        tokio::select! {
            told = persist(self.session.server_pace, async || self.tell(outcome).await) => told,
            _ = self.session.forfeited(&self.task.id) => Err(CallError::LeaseLost),
        }
    }

    async fn tell(&self, outcome: &Outcome) -> Result<Acknowledged, CallError> {
        let server = &self.session.server;
        let (id, session_id, attempt, usage) =
            (&self.task.id, self.session.id.clone(), self.task.attempt, self.usage.clone());
        match outcome {
            Outcome::Completed(answer) => {
                let output = self.session.redaction.current().text(answer).into();
                server.complete(id, &CompleteTask { session_id, attempt, output, usage }).await
            }
            Outcome::Failed(error) => {
                let message = self.session.redaction.current().text(&error.message).into_owned();
                let error = TaskError { message, ..TaskError::clone(error) };
                server.fail(id, &FailTask { session_id, attempt, error, usage }).await
            }
            Outcome::Cancelled => server.cancelled(id, &CancelledTask { session_id, attempt, usage }).await,
            Outcome::Released(reason) => {
                server.release(id, &ReleaseTask { session_id, attempt, reason: *reason, usage }).await
            }
            Outcome::Dropped | Outcome::Left(_) => Ok(Acknowledged {}),
        }
    }
}
