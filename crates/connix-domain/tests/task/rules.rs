//! The rules of a task's life, one by one.

use super::{at, error, lease, new_task, usage};
use chrono::Duration;
use connix_domain::task::{Task, TaskPhase, Usage};
use serde_json::json;

/// Claimed by the worker of incarnation 7.
fn claimed(task: &Task, milliseconds: i64) -> Task {
    task.claim(7, "small", lease(), at(milliseconds)).unwrap()
}

#[test]
fn a_task_that_takes_its_worker_with_it_is_given_up_after_its_attempts() {
    let mut task = new_task(3);
    for _ in 0..2 {
        task = claimed(&task, 0).worker_lost(Usage::default(), at(1)).unwrap();
        assert_eq!(task.phase, TaskPhase::Queued);
        assert_eq!((task.not_before, &task.error), (None, &None), "queued again at once");
    }
    task = claimed(&task, 2).worker_lost(Usage::default(), at(3)).unwrap();
    assert_eq!(task.phase, TaskPhase::Failed);
    let reason = task.error.unwrap();
    assert_eq!(reason.code, "worker_lost");
    assert_eq!(reason.message, "The worker was lost while it did this task: failed attempt 3 of at most 3");
}

#[test]
fn a_task_may_be_given_back_any_number_of_times_without_a_failure() {
    let mut task = new_task(1);
    for _ in 0..50 {
        task = claimed(&task, 0).release(Usage::default(), at(1)).unwrap();
    }
    assert_eq!((task.phase, task.attempt, task.failures), (TaskPhase::Queued, 50, 0));
    assert_eq!(task.not_before, None, "it may be claimed at once");
}

#[test]
fn a_failed_attempt_is_repeated_later_and_later() {
    let mut task = new_task(10);
    let mut delays = Vec::new();
    for _ in 0..8 {
        task = claimed(&task, 0).fail(error("model_failed"), true, Usage::default(), at(0)).unwrap();
        delays.push((task.not_before.unwrap() - at(0)).num_seconds());
    }
    assert_eq!(delays, [2, 4, 8, 16, 32, 64, 64, 64]);
}

#[test]
fn the_last_attempt_and_one_that_would_fail_again_fail_for_good() {
    for (max_attempts, retryable) in [(1, true), (3, false)] {
        let task = claimed(&new_task(max_attempts), 0);
        let failed = task.fail(error("llm_not_configured"), retryable, usage(1, 0), at(5)).unwrap();
        assert_eq!(failed.phase, TaskPhase::Failed);
        assert_eq!(failed.error, Some(error("llm_not_configured")));
        assert_eq!(failed.completed_at, Some(at(5)));
    }
}

#[test]
fn a_queued_task_shows_why_its_last_attempt_failed_and_a_running_one_shows_nothing() {
    let task = claimed(&new_task(3), 0).fail(error("model_failed"), true, Usage::default(), at(1)).unwrap();
    assert_eq!(task.error, Some(error("model_failed")));
    let task = claimed(&task, 2);
    assert_eq!(task.error, None);
    assert_eq!(task.complete(json!("Done"), Usage::default(), at(3)).unwrap().error, None);
}

#[test]
fn a_cancellation_wins_over_a_retry_a_release_and_a_lost_worker() {
    let task = claimed(&new_task(3), 0).request_cancel(at(1)).unwrap().unwrap();
    assert_eq!((task.phase, task.cancel_requested_at), (TaskPhase::Running, Some(at(1))));
    for (how, ended) in [
        ("retry", task.fail(error("model_failed"), true, usage(2, 3), at(2))),
        ("failure", task.fail(error("model_failed"), false, usage(2, 3), at(2))),
        ("release", task.release(usage(2, 3), at(2))),
        ("lost worker", task.worker_lost(Usage::default(), at(2))),
    ] {
        let ended = ended.unwrap();
        assert_eq!((ended.phase, ended.failures), (TaskPhase::Cancelled, 0), "{how}");
        assert_eq!(ended.error, None, "{how}");
    }
}

#[test]
fn a_task_that_is_done_before_its_worker_hears_of_the_cancellation_is_done() {
    let task = claimed(&new_task(3), 0).request_cancel(at(1)).unwrap().unwrap();
    assert_eq!(task.complete(json!("Done"), Usage::default(), at(2)).unwrap().phase, TaskPhase::Completed);
}

#[test]
fn a_queued_task_is_called_off_at_once_and_a_second_time_is_no_error() {
    let task = new_task(3).request_cancel(at(1)).unwrap().unwrap();
    assert_eq!(task.phase, TaskPhase::Cancelled);
    assert_eq!(task.request_cancel(at(2)), Ok(None));
    let running = claimed(&new_task(3), 0).request_cancel(at(1)).unwrap().unwrap();
    assert_eq!(running.request_cancel(at(2)), Ok(None));
}

#[test]
fn a_completed_task_cannot_be_called_off() {
    let task = claimed(&new_task(3), 0).complete(json!("Done"), Usage::default(), at(1)).unwrap();
    let refusal = task.request_cancel(at(2)).unwrap_err();
    assert_eq!(refusal.to_string(), "cannot cancel while completed; allowed: nothing");
}

#[test]
fn usage_adds_up_over_all_attempts() {
    let task = claimed(&new_task(3), 0).fail(error("model_failed"), true, usage(10, 1), at(1)).unwrap();
    let task = claimed(&task, 2).release(usage(20, 2), at(3)).unwrap();
    let task = claimed(&task, 4).complete(json!("Done"), usage(30, 3), at(5)).unwrap();
    assert_eq!(task.usage, Usage { prompt: 60, completion: 6, requests: 3 });
    assert_eq!(task.usage.total(), 66);
}

#[test]
fn duration_and_deadline_belong_to_the_attempt_that_is_under_way_or_ended_it() {
    let task = claimed(&new_task(3), 1_000);
    assert_eq!(task.deadline(), Some(at(1_000) + Duration::seconds(900)));
    let task = task.release(Usage::default(), at(60_000)).unwrap();
    assert_eq!(task.deadline(), None);
    let task = claimed(&task, 100_000);
    assert_eq!(task.started_at, Some(at(1_000)), "it first began with its first attempt");
    assert_eq!(task.deadline(), Some(at(100_000) + Duration::seconds(900)));
    let task = task.complete(json!("Done"), Usage::default(), at(102_340)).unwrap();
    assert_eq!(task.duration_seconds(), Some(2.34));
}

#[test]
fn a_task_called_off_while_it_waits_for_another_attempt_has_no_duration() {
    let task = claimed(&new_task(3), 0).release(Usage::default(), at(1)).unwrap();
    let task = task.request_cancel(at(1_000_000)).unwrap().unwrap();
    assert_eq!(task.duration_seconds(), None);
    assert_eq!(task.completed_at, Some(at(1_000_000)));
}

#[test]
fn an_attempt_that_lost_its_lease_no_longer_holds_the_task() {
    let first = claimed(&new_task(3), 0);
    assert_eq!(first.held_by(7, 1), Ok(()));
    let second = first.worker_lost(Usage::default(), at(1)).unwrap().claim(8, "small", lease(), at(2)).unwrap();
    assert!(second.held_by(7, 1).is_err());
    assert!(second.held_by(7, 2).is_err());
    assert_eq!(second.held_by(8, 2), Ok(()));
    assert_eq!(second.lease_until, Some(at(2) + lease()));
}
