//! Anything that can happen to a task, in any order, beside a count of what did.

use super::{at, error, lease, new_task, usage};
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::lifecycle::TransitionError;
use connix_domain::task::{Task, TaskPhase, Usage};
use proptest::prelude::*;
use serde_json::json;

#[derive(Debug, Clone, Copy)]
enum Move {
    Claim,
    Complete(Usage),
    Fail { retryable: bool, usage: Usage },
    WorkerLost,
    Release(Usage),
    RequestCancel,
    Cancelled(Usage),
}

fn any_move() -> impl Strategy<Value = Move> {
    let cost = || (0..1000_i64, 0..1000_i64).prop_map(|(prompt, completion)| usage(prompt, completion));
    prop_oneof![
        6 => Just(Move::Claim),
        1 => cost().prop_map(Move::Complete),
        2 => (any::<bool>(), cost()).prop_map(|(retryable, usage)| Move::Fail { retryable, usage }),
        2 => Just(Move::WorkerLost),
        3 => cost().prop_map(Move::Release),
        1 => Just(Move::RequestCancel),
        1 => cost().prop_map(Move::Cancelled),
    ]
}

/// What was counted outside the task.
#[derive(Debug, Default)]
struct Counted {
    claims: i64,
    failures: i64,
    usage: Usage,
}

/// The task after a move that the table allows; `None` when nothing changes.
fn moved(task: &Task, next: Move, now: Timestamp) -> Result<Option<Task>, TransitionError> {
    match next {
        Move::Claim => task.claim(7, "small", lease(), now).map(Some),
        Move::Complete(usage) => task.complete(json!("Done"), usage, now).map(Some),
        Move::Fail { retryable, usage } => task.fail(error("model_failed"), retryable, usage, now).map(Some),
        Move::WorkerLost => task.worker_lost(Usage::default(), now).map(Some),
        Move::Release(usage) => task.release(usage, now).map(Some),
        Move::RequestCancel => task.request_cancel(now),
        Move::Cancelled(usage) => task.cancel(usage, now).map(Some),
    }
}

fn count(counted: &mut Counted, before: &Task, next: Move) {
    let fails = matches!(next, Move::Fail { .. } | Move::WorkerLost);
    counted.claims += i64::from(matches!(next, Move::Claim));
    counted.failures += i64::from(fails && before.cancel_requested_at.is_none());
    if let Move::Complete(usage) | Move::Fail { usage, .. } | Move::Release(usage) | Move::Cancelled(usage) = next {
        counted.usage = counted.usage.plus(usage);
    }
}

/// Whether a worker gives the task up without a result.
fn lets_go(next: Move) -> bool {
    matches!(next, Move::Fail { .. } | Move::WorkerLost | Move::Release(_) | Move::Cancelled(_))
}

fn assert_sound(task: &Task, counted: &Counted) {
    assert_eq!((task.attempt, task.failures, task.usage), (counted.claims, counted.failures, counted.usage));
    assert!(task.failures <= task.attempt && task.failures <= task.order.max_attempts);

    let running = task.phase == TaskPhase::Running;
    assert_eq!(task.lease_until.is_some(), running, "only a running task is leased");
    assert!(!running || task.incarnation.is_some(), "a running task is held");
    assert!(task.incarnation.is_none() || task.phase != TaskPhase::Queued, "a queued task is held");
    assert!(task.not_before.is_none() || task.phase == TaskPhase::Queued, "only a queued task waits");
    assert!(task.cancel_requested_at.is_none() || task.phase != TaskPhase::Queued, "a cancelled task waits");

    assert_eq!(task.completed_at.is_some(), task.phase.is_final());
    assert_eq!(task.output.is_some(), task.phase == TaskPhase::Completed);
    assert!(task.error.is_some() || task.phase != TaskPhase::Failed, "failed without a reason");
    assert!(task.error.is_none() || matches!(task.phase, TaskPhase::Failed | TaskPhase::Queued));

    let under_way = task.attempt_started_at.is_some();
    assert!(under_way || !running, "a running task began");
    assert!(!under_way || task.phase != TaskPhase::Queued, "a queued task has no attempt under way");
    assert_eq!(task.deadline().is_some(), under_way);
    assert_eq!(task.duration_seconds().is_some(), under_way && task.phase.is_final());
    assert!(task.duration_seconds().is_none_or(|seconds| seconds >= 0.0));
    assert_eq!(task.started_at.is_some(), task.attempt > 0);
    assert_eq!(task.model.is_some(), task.attempt > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_counts_the_times_and_the_phase_agree(
        moves in proptest::collection::vec((any_move(), -2_000..60_000_i64), 0..40),
        max_attempts in 1..=10_i64,
    ) {
        let mut task = new_task(max_attempts);
        let mut counted = Counted::default();
        let mut now = at(0);
        for (next, passes) in moves {
            now += Duration::milliseconds(passes); // a clock may step back
            let before = task.clone();
            let Ok(Some(after)) = moved(&task, next, now) else { continue };
            count(&mut counted, &before, next);
            prop_assert_eq!(after.version, before.version + 1);
            prop_assert!(after.updated_at >= before.updated_at);
            if before.cancel_requested_at.is_some() && lets_go(next) {
                prop_assert_eq!(after.phase, TaskPhase::Cancelled, "{:?} won over a cancellation", next);
            }
            assert_sound(&after, &counted);
            task = after;
        }
    }

    #[test]
    fn a_task_that_has_ended_stays_as_it_is(
        moves in proptest::collection::vec(any_move(), 0..30),
        further in any_move(),
    ) {
        let mut task = new_task(3);
        for next in moves {
            task = moved(&task, next, at(0)).ok().flatten().unwrap_or(task);
        }
        prop_assume!(task.phase.is_final());
        let repeated = task.phase == TaskPhase::Cancelled && matches!(further, Move::RequestCancel);
        match moved(&task, further, at(1)) {
            Ok(None) => prop_assert!(repeated),
            Ok(Some(after)) => prop_assert!(false, "{further:?} made {after:?}"),
            Err(_) => prop_assert!(!repeated),
        }
    }

    #[test]
    fn only_the_attempt_under_way_holds_the_task(
        moves in proptest::collection::vec(any_move(), 0..30),
        incarnation in 6..9_i64,
        attempt in 0..6_i64,
    ) {
        let mut task = new_task(10);
        for next in moves {
            task = moved(&task, next, at(0)).ok().flatten().unwrap_or(task);
        }
        let holds = task.phase == TaskPhase::Running && incarnation == 7 && attempt == task.attempt;
        prop_assert_eq!(task.held_by(incarnation, attempt).is_ok(), holds);
    }
}
