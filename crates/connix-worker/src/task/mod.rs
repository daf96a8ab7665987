//! One attempt at a task: from the claim to its report.

mod conversation;
mod freezer;
mod interruption;
mod journal;
mod outcome;
mod refusals;
mod report;
mod settle;
mod steps;

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::{Duration, Instant};

use connix_worker_protocol::log::LogLevel;
use connix_worker_protocol::task::ClaimedTask;
use serde_json::json;

use crate::session::Session;
use crate::session::leave::Leave;
use outcome::Outcome;
pub(crate) use refusals::Refusals;
use steps::Steps;

/// Progress is noted this often; the next heartbeat tells.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

/// Works on a claimed task until it is reported. Breaks when the worker has to leave.
pub(crate) async fn attempt(session: &Session, task: ClaimedTask) -> ControlFlow<Leave> {
    let claimed_at = Instant::now();
    let held = session.status.hold(&task.id, task.attempt);
    let context = json!({"attempt": task.attempt, "journal_entries": task.journal.len()});
    session.log.write(LogLevel::Debug, "Task claimed", context, Some(&task.id));

    let ended = match session.configuration_from(task.config_revision).await {
        Ok(config) => {
            let deadline = claimed_at + Duration::from_millis(task.deadline_ms);
            let mut steps = Steps::new(session, &task, config, deadline);
            let outcome = race(session, &task.id, held, &mut steps).await;
            report::report(session, &task, outcome, steps.usage()).await
        }
        Err(leave) => ControlFlow::Break(leave),
    };
    session.status.park(false);
    session.status.let_go();
    ended
}

/// The steps, unless something interrupts them.
async fn race(session: &Session, task: &str, held: u64, steps: &mut Steps<'_>) -> Outcome {
    let working = pin!(async {
        session.lease_confirmed(held).await;
        steps.run().await
    });
    tokio::select! {
        biased;
        forfeited = session.forfeited(task) => forfeited,
        called_off = session.called_off(task) => called_off,
        outcome = working => outcome,
        never = getting_on(session) => match never {},
    }
}

/// Shows that this loop moves while a model or a tool is waited for, each of which has a limit of its own.
async fn getting_on(session: &Session) -> Infallible {
    loop {
        tokio::time::sleep(SIGN_OF_LIFE).await;
        session.status.progressed();
    }
}
