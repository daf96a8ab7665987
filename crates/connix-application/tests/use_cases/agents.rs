//! Agents and their workers: what the supervisor does when processes come and go, on a memory store.

use crate::world::{World, application, eventually};
use chrono::Duration;
use connix_application::{
    AgentCommand, Error, Precondition, ProjectRef, Report, Reported, Supervisor, Wanted, WorkerFailure, WorkerLine,
};
use connix_domain::agent::{Agent, AgentPhase, ProcessPhase};
use connix_domain::event::EventKind;
use connix_domain::log::LogLevel;
use connix_domain::page::{LogQuery, Window};
use connix_domain::port::runtime::LaunchError;
use connix_domain::port::store::LogReader;
use connix_domain::task::{TaskError, TaskPhase, Usage};
use connix_domain::telemetry::Consumption;
use serde_json::json;

const USAGE: Usage = Usage { prompt: 10, completion: 5, requests: 1 };

async fn command(world: &World, agent: &Agent, command: AgentCommand) -> Agent {
    let project = ProjectRef::Id(agent.project);
    world
        .app
        .command_agent(&world.caller, &project, &agent.id.to_string(), &Precondition::None, command, None)
        .await
        .unwrap()
}

fn heartbeat(tasks: Vec<Reported>) -> Report {
    Report {
        parked: false,
        applied_revision: 1,
        tasks,
        seen: 0,
        hold: std::time::Duration::ZERO,
        consumption: Consumption::default(),
    }
}

#[tokio::test]
async fn an_agent_is_launched_and_answers_a_task() {
    let world = World::supervised().await;
    let agent = world.agent("helper").await;
    assert_eq!(agent.phase, AgentPhase::Creating);
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    assert_eq!(world.seen(&agent).await.phase, AgentPhase::Running);
    let task = world.task(&agent, "What is 2 + 2?").await;
    let claimed = world.claim(worker, &grant).await;
    assert_eq!((claimed.task.id, claimed.task.attempt), (task.id, 1));
    world.app.complete_task(worker, grant.session, (task.id, 1), json!("4"), USAGE).await.unwrap();
    world.app.complete_task(worker, grant.session, (task.id, 1), json!("4"), USAGE).await.unwrap();
    let done = world.task_now(&task).await;
    assert_eq!((done.phase, done.output, done.usage), (TaskPhase::Completed, Some(json!("4")), USAGE));
    assert_eq!(world.happened().await, [EventKind::AgentLaunched, EventKind::AgentCompleted]);
    let query =
        LogQuery { agent: agent.id, level: None, start: None, end: None, window: Window { limit: 10, offset: 0 } };
    let lines =
        world.app.logs(&world.caller, &ProjectRef::default_project(), &agent.id.to_string(), query).await.unwrap();
    assert_eq!(lines.items[0].message, "Task completed successfully");
    assert_eq!(lines.items[0].context["tokens_used"], 15);
    assert_eq!(lines.total, 1, "the repeated report leaves no second line");
}

#[tokio::test]
async fn a_crash_is_followed_by_a_new_incarnation_and_the_task_is_taken_up_again() {
    let world = World::supervised().await;
    let agent = world.agent("fragile").await;
    let first = world.launched(&agent, 1).await;
    let (worker, grant) = world.attach(&first).await;
    let task = world.task(&agent, "work").await;
    world.claim(worker, &grant).await;
    world.runtime.end(&first, None, Some(9), world.now());
    eventually("backoff", || async {
        (world.seen(&agent).await.control.process == ProcessPhase::Backoff).then_some(())
    })
    .await;
    let waiting = world.seen(&agent).await;
    assert_eq!((waiting.phase, waiting.control.restarts), (AgentPhase::Running, 1));
    assert_eq!(world.task_now(&task).await.phase, TaskPhase::Queued);
    world.clock.advance(Duration::seconds(2));
    let (successor, grant) = world.attach(&world.launched(&agent, 2).await).await;
    let again = world.claim(successor, &grant).await;
    assert_eq!((again.task.attempt, again.task.failures), (2, 1));
    assert_eq!(world.happened().await, [EventKind::AgentLaunched], "an automatic restart is no launch to tell of");
    let fenced = world.app.authenticate_worker(first.token.expose()).await;
    assert_eq!(fenced, Err(Error::Unauthorized), "the token of the first incarnation is worthless");
}

#[tokio::test]
async fn five_crashes_within_ten_minutes_end_in_error_told_once() {
    let world = World::supervised().await;
    let agent = world.agent("hopeless").await;
    for crash in 1..=5 {
        let launch = world.launched(&agent, crash).await;
        world.runtime.end(&launch, Some(1), None, world.now());
        eventually("the crash", || async { (world.seen(&agent).await.control.failures.len() == crash).then_some(()) })
            .await;
        world.clock.advance(Duration::seconds(20));
    }
    let given_up = world.seen(&agent).await;
    assert_eq!(given_up.phase, AgentPhase::Error);
    assert_eq!(given_up.control.fault.unwrap().code, "crash_loop");
    assert_eq!(world.happened().await, [EventKind::AgentFailed]);
}

#[tokio::test]
async fn a_start_that_overtakes_a_stop_waits_for_the_old_process_and_both_are_told() {
    let world = World::supervised().await;
    let agent = world.agent("busy").await;
    let first = world.launched(&agent, 1).await;
    world.attach(&first).await;
    assert_eq!(command(&world, &agent, AgentCommand::Stop).await.phase, AgentPhase::Stopped);
    assert_eq!(command(&world, &agent, AgentCommand::Start).await.phase, AgentPhase::Running);
    eventually("the drain", || async { world.runtime.was_drained(agent.id, 1).then_some(()) }).await;
    assert_eq!(world.runtime.launches().len(), 1, "never two at a time");
    world.runtime.end(&first, Some(0), None, world.now());
    world.attach(&world.launched(&agent, 2).await).await;
    assert_eq!(world.happened().await, [EventKind::AgentLaunched, EventKind::AgentStopped, EventKind::AgentLaunched]);
}

#[tokio::test]
async fn a_worker_is_told_to_pause_and_takes_nothing_until_the_agent_is_started() {
    let world = World::supervised().await;
    let agent = world.agent("calm").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    command(&world, &agent, AgentCommand::Pause).await;
    let told = world.app.heartbeat(worker, grant.session, heartbeat(Vec::new())).await.unwrap();
    assert_eq!(told.wanted, Wanted::Pause);
    world.task(&agent, "later").await;
    let none = world.app.claim(worker, grant.session, std::time::Duration::from_millis(50)).await.unwrap();
    assert!(none.is_none());
    command(&world, &agent, AgentCommand::Start).await;
    assert_eq!(world.claim(worker, &grant).await.task.phase, TaskPhase::Running);
}

#[tokio::test]
async fn a_held_heartbeat_answers_as_soon_as_there_is_something_to_tell() {
    let world = World::supervised().await;
    let agent = world.agent("listener").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let told = world.app.heartbeat(worker, grant.session, heartbeat(Vec::new())).await.unwrap();
    let held = Report { seen: told.version(), hold: std::time::Duration::from_secs(60), ..heartbeat(Vec::new()) };
    let app = world.app.clone();
    let answer = tokio::spawn(async move { app.heartbeat(worker, grant.session, held).await });
    command(&world, &agent, AgentCommand::Pause).await;
    assert_eq!(answer.await.unwrap().unwrap().wanted, Wanted::Pause);
}

#[tokio::test]
async fn a_running_task_is_called_off_through_its_worker() {
    let world = World::supervised().await;
    let agent = world.agent("obedient").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let task = world.task(&agent, "long").await;
    world.claim(worker, &grant).await;
    let (project, id) = (ProjectRef::default_project(), agent.id.to_string());
    let asked = world.app.cancel_task(&world.caller, &project, &id, &task.id.to_string(), None).await.unwrap();
    assert_eq!(asked.phase, TaskPhase::Running);
    let held = vec![Reported { task: task.id, attempt: 1, progress: 1 }];
    let told = world.app.heartbeat(worker, grant.session, heartbeat(held)).await.unwrap();
    assert_eq!(told.cancel, [task.id]);
    world.app.task_cancelled(worker, grant.session, (task.id, 1), USAGE).await.unwrap();
    assert_eq!(world.task_now(&task).await.phase, TaskPhase::Cancelled);
}

#[tokio::test]
async fn a_task_is_repeated_while_it_may_and_then_failed_for_good() {
    let world = World::supervised().await;
    let agent = world.agent("unlucky").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let task = world.task(&agent, "impossible").await;
    for attempt in 1..=3 {
        world.claim(worker, &grant).await;
        let error = TaskError { code: "llm_unavailable".into(), message: "no answer".into() };
        let failure = WorkerFailure { error, retryable: true, retry_after: Some(Duration::seconds(90)) };
        world.app.fail_task(worker, grant.session, (task.id, attempt), failure, USAGE).await.unwrap();
        let waits = world.task_now(&task).await.not_before;
        assert!(
            attempt == 3 || waits == Some(world.now() + Duration::seconds(90)),
            "as long as the endpoint asked for"
        );
        world.clock.advance(Duration::seconds(100));
    }
    let failed = world.task_now(&task).await;
    assert_eq!((failed.phase, failed.failures, failed.usage.total()), (TaskPhase::Failed, 3, 45));
    assert_eq!(world.happened().await, [EventKind::AgentLaunched, EventKind::AgentFailed]);
    let late = world.app.append_journal(worker, grant.session, (task.id, 3), 1, Vec::new()).await;
    assert_eq!(late, Err(Error::LeaseLost));
}

#[tokio::test]
async fn a_task_that_its_worker_does_not_name_for_a_lease_is_free_again() {
    let world = World::supervised_with_leases_of(std::time::Duration::from_secs(1)).await;
    let agent = world.agent("silent").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let task = world.task(&agent, "held").await;
    world.claim(worker, &grant).await;
    world.clock.advance(Duration::seconds(2));
    eventually("the end of the lease", || async {
        world.app.heartbeat(worker, grant.session, heartbeat(Vec::new())).await.unwrap();
        (world.task_now(&task).await.phase == TaskPhase::Queued).then_some(())
    })
    .await;
    let late = world.app.complete_task(worker, grant.session, (task.id, 1), json!("late"), USAGE).await;
    assert_eq!(late, Err(Error::LeaseLost));
    assert_eq!(world.task_now(&task).await.phase, TaskPhase::Queued);
}

#[tokio::test]
async fn a_restarted_server_launches_anew_and_the_interrupted_task_counts_no_failure() {
    let world = World::supervised().await;
    let agent = world.agent("survivor").await;
    let first = world.launched(&agent, 1).await;
    let (worker, grant) = world.attach(&first).await;
    let task = world.task(&agent, "interrupted").await;
    world.claim(worker, &grant).await;
    // another server on the same store; the first one's processes died with it
    world.stop_supervisor();
    let supervisor = Supervisor::new(application(&world.store, &world.clock, &world.runtime));
    supervisor.recover().await.unwrap();
    tokio::spawn(async move { supervisor.run().await });
    let (successor, grant) = world.attach(&world.launched(&agent, 2).await).await;
    let again = world.claim(successor, &grant).await.task;
    assert_eq!((again.id, again.attempt, again.failures), (task.id, 2, 0));
    assert!(world.seen(&agent).await.control.failures.is_empty());
    assert_eq!(world.app.authenticate_worker(first.token.expose()).await, Err(Error::Unauthorized));
    assert_eq!(world.happened().await, [EventKind::AgentLaunched]);
}

#[tokio::test]
async fn an_agent_that_cannot_be_launched_is_in_error_with_the_reason() {
    let world = World::supervised().await;
    world.runtime.refuse(LaunchError::Fatal("no such program".into()));
    let agent = world.agent("grounded").await;
    let given_up = eventually("the error", || async {
        let agent = world.seen(&agent).await;
        (agent.phase == AgentPhase::Error).then_some(agent)
    })
    .await;
    let fault = given_up.control.fault.unwrap();
    assert_eq!((fault.code.as_str(), fault.message.as_str()), ("launch_failed", "no such program"));
    assert_eq!(world.happened().await, [EventKind::AgentFailed]);
}

#[tokio::test]
async fn a_process_that_vanished_unheard_holds_nothing_up() {
    let world = World::supervised().await;
    let agent = world.agent("ghost").await;
    let launch = world.launched(&agent, 1).await;
    world.attach(&launch).await;
    world.runtime.vanish(&launch);
    command(&world, &agent, AgentCommand::Restart).await;
    world.attach(&world.launched(&agent, 2).await).await;
    assert_eq!(world.happened().await, [EventKind::AgentLaunched, EventKind::AgentLaunched]);
}

/// A line must neither be the newest for ever nor be old when it comes, whatever a worker's clock says.
#[tokio::test]
async fn a_time_far_from_ours_is_brought_near() {
    let world = World::supervised().await;
    let agent = world.agent("helper").await;
    let (worker, grant) = world.attach(&world.launched(&agent, 1).await).await;
    let now = world.now();
    let (near, far) = (Duration::minutes(5), Duration::days(365 * 8000));
    let line =
        |message: &str, at| WorkerLine { at, level: LogLevel::Warn, message: message.into(), context: json!({}) };
    let lines = vec![line("future", now + far), line("past", now - far / 40), line("present", now - near / 2)];
    world.app.append_logs(worker, grant.session, 1, lines).await.unwrap();
    let window = Window { limit: 10, offset: 0 };
    let query = LogQuery { agent: agent.id, level: Some(LogLevel::Warn), start: None, end: None, window };
    let kept = world.store.logs(world.caller.scope(), &query).await.unwrap();
    let told: Vec<_> = kept.items.iter().map(|line| (line.message.as_str(), line.at)).collect();
    assert_eq!(told, [("future", now + near), ("present", now - near / 2), ("past", now - near)]);
}
