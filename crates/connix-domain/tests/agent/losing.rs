//! Processes that are gone through no fault of their own, and external workers that come, go and take each other's place.

use crate::moves::{Command, Move};
use crate::world::World;
use connix_domain::agent::{AgentPhase, ProcessPhase, RuntimeKind, Step};
use connix_domain::event::EventKind;

fn local(commands: &[Command]) -> World {
    let mut world = World::after(RuntimeKind::Local, &[Move::Supervise, Move::Hello]);
    for command in commands {
        world.make(Move::Command(*command));
    }
    world
}

fn external(moves: &[Move]) -> World {
    let mut world = World::after(RuntimeKind::External, &[Move::Hello]);
    for next in moves {
        world.make(*next);
    }
    world
}

#[test]
fn after_a_restart_of_the_server_what_should_run_is_launched_without_counting_a_failure() {
    for commands in [&[][..], &[Command::Put { reconfigures: true }], &[Command::Restart]] {
        let mut world = local(commands);
        world.make(Move::Lost);
        assert!(world.agent.control.failures.is_empty());
        assert_eq!(world.agent.due_at(), Some(world.now));
        assert_eq!(world.supervise(), Some(Step::Launch));
    }
}

#[test]
fn after_a_restart_of_the_server_an_agent_that_was_starting_is_launched_again() {
    let mut world = World::after(RuntimeKind::Local, &[Move::Supervise, Move::Lost]);
    assert_eq!(world.agent.phase, AgentPhase::Creating);
    assert_eq!(world.supervise(), Some(Step::Launch));
}

#[test]
fn after_a_restart_of_the_server_a_paused_agent_has_no_process_until_it_is_started() {
    let mut world = local(&[Command::Pause]);
    world.make(Move::Lost);
    assert_eq!(world.agent.phase, AgentPhase::Paused);
    assert_eq!(world.agent.control.process, ProcessPhase::None);
    assert_eq!(world.agent.due_at(), None);
    world.make(Move::Command(Command::Start));
    assert_eq!(world.supervise(), Some(Step::Launch));
    world.make(Move::Hello); // which is no agent.launched: the world would say so
}

#[test]
fn after_a_restart_of_the_server_a_stop_that_was_under_way_is_told() {
    for (command, then) in [(Command::Stop, None), (Command::Delete, Some(Step::Purge))] {
        let mut world = local(&[command]);
        assert_eq!(world.stops, (1, 0));
        world.make(Move::Lost);
        assert_eq!(world.stops, (1, 1));
        assert_eq!(world.agent.next_step(world.now), then);
    }
}

#[test]
fn after_a_restart_of_the_server_a_backoff_goes_on() {
    let mut world = local(&[]);
    world.make(Move::Ends { code: 1, jitter: 0.0 });
    let due = world.agent.due_at();
    world.make(Move::Lost);
    assert_eq!(world.agent.due_at(), due);
}

#[test]
fn an_external_worker_that_is_not_heard_of_is_waited_for() {
    let world = external(&[Move::Lost]);
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(world.agent.control.process, ProcessPhase::WaitingForWorker);
    assert_eq!(world.agent.due_at(), None);
}

#[test]
fn an_external_worker_that_crashes_is_waited_for_however_often() {
    let mut world = external(&[]);
    for _ in 0..20 {
        world.make(Move::Ends { code: 77, jitter: 0.0 });
        assert_eq!(world.agent.control.process, ProcessPhase::WaitingForWorker);
        world.make(Move::Hello);
        assert_eq!(world.agent.phase, AgentPhase::Running);
    }
}

#[test]
fn a_second_external_worker_takes_the_place_of_the_first() {
    let mut world = external(&[]);
    let (first, session) = (world.agent.control.incarnation, world.agent.control.session);
    world.make(Move::Hello);
    assert_ne!(world.agent.control.session, session);
    assert!(world.agent.may_claim(first + 1));
    assert!(!world.agent.may_claim(first), "the worker that was replaced takes tasks");
    assert_eq!(world.stops, (0, 0));
}

#[test]
fn a_stopped_external_worker_is_told_to_leave_and_taken_for_gone_in_the_end() {
    let mut world = external(&[Move::Command(Command::Stop)]);
    assert_eq!(world.agent.control.process, ProcessPhase::Stopping);
    assert!(world.agent.control.session.is_some(), "it has to be able to give back what it holds");
    assert!(world.hello().unwrap().is_err(), "a stopped agent lets a worker in");
    assert_eq!(world.agent.next_step(world.now), None, "it has a while to leave by itself");
    world.now = world.agent.due_at().unwrap();
    assert_eq!(world.supervise(), Some(Step::GiveUpExternal));
    assert_eq!(world.stops, (1, 1));
    assert_eq!(world.agent.due_at(), None);
}

#[test]
fn a_new_external_worker_need_not_wait_for_the_one_that_is_leaving() {
    let mut world = external(&[Move::Command(Command::Stop), Move::Command(Command::Start)]);
    assert_eq!(world.hello(), Some(Ok(())));
    assert_eq!(world.stops, (1, 1), "the one that was stopped is fenced: it is gone");
    assert!(world.agent.may_claim(2));
}

#[test]
fn an_external_worker_that_is_leaving_does_not_get_back_in() {
    let world = external(&[Move::Command(Command::Restart)]);
    let nonce = world.worker.as_ref().unwrap().nonce.clone().unwrap();
    let again = connix_domain::agent::Hello { nonce, session: connix_domain::id::SessionId::new(99) };
    assert!(world.agent.greeted(&again, world.now).is_err());
}

#[test]
fn a_paused_external_agent_lets_its_worker_come_back() {
    let mut world = external(&[Move::Command(Command::Pause), Move::Lost]);
    assert_eq!(world.hello(), Some(Ok(())));
    assert_eq!(world.agent.phase, AgentPhase::Paused);
}

#[test]
fn a_second_process_with_a_local_agents_token_is_sent_away() {
    let world = local(&[]);
    let other = connix_domain::agent::Hello { nonce: "other".into(), session: connix_domain::id::SessionId::new(99) };
    assert!(world.agent.greeted(&other, world.now).is_err());
}

#[test]
fn a_launch_that_cannot_work_ends_in_error_with_its_reason() {
    let world = World::after(RuntimeKind::Local, &[Move::Supervise]);
    let (next, happened) = world.agent.unlaunchable("no such program", world.now);
    assert_eq!(next.phase, AgentPhase::Error);
    assert_eq!(next.control.fault.map(|fault| fault.message), Some("no such program".to_owned()));
    let [failed] = happened.as_slice() else { panic!("{happened:?}") };
    assert_eq!((failed.kind, failed.reason.as_deref()), (EventKind::AgentFailed, Some("launch_failed")));
    assert_eq!(failed.data["scope"], "agent");
}
