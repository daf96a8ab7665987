//! Commands that overtake a process which is starting, leaving or waiting to be launched again.

use crate::moves::{Command, Move};
use crate::world::World;
use connix_domain::agent::{AgentPhase, ProcessPhase, RuntimeKind, Step};

fn ready() -> World {
    World::after(RuntimeKind::Local, &[Move::Supervise, Move::Hello])
}

#[test]
fn a_start_after_a_stop_waits_for_the_old_process_and_then_launches_a_new_one() {
    let mut world = ready();
    world.make(Move::Command(Command::Stop));
    world.make(Move::Command(Command::Start));
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(world.agent.control.process, ProcessPhase::Stopping);
    assert!(!world.agent.may_claim(1), "the old instance takes tasks");
    assert_eq!(world.supervise(), Some(Step::Drain));

    world.make(Move::Leaves);
    assert_eq!(world.stops, (1, 1), "the stop that was overtaken is told when its process is gone");
    assert_eq!(world.supervise(), Some(Step::Launch));
    world.make(Move::Hello);
    assert!(world.agent.may_claim(2));
}

#[test]
fn two_stops_with_a_start_between_them_are_two_events_when_the_one_process_is_gone() {
    let mut world = ready();
    for command in [Command::Stop, Command::Start, Command::Stop] {
        world.make(Move::Command(command));
    }
    assert_eq!(world.stops, (2, 0));
    world.make(Move::Leaves);
    assert_eq!(world.stops, (2, 2));
    assert_eq!(world.agent.due_at(), None);
}

#[test]
fn a_restart_while_starting_replaces_the_process_that_has_not_spoken() {
    let mut world = World::after(RuntimeKind::Local, &[Move::Command(Command::Stop), Move::Command(Command::Start)]);
    world.make(Move::Supervise);
    world.make(Move::Command(Command::Restart));
    assert!(world.hello().unwrap().is_err(), "the worker that is to be replaced was let in");
    world.make(Move::Leaves);
    world.make(Move::Supervise);
    assert_eq!(world.agent.control.incarnation, 2);
    world.make(Move::Hello);
    assert_eq!(world.agent.control.process, ProcessPhase::Ready);
}

#[test]
fn a_restart_lets_the_old_worker_keep_its_session_until_it_is_gone() {
    let mut world = ready();
    let session = world.agent.control.session;
    assert!(session.is_some());
    world.make(Move::Command(Command::Restart));
    assert_eq!(world.agent.control.session, session);
    world.make(Move::Leaves);
    assert_eq!(world.agent.control.session, None);
    assert_eq!(world.stops, (0, 0), "a restart is no stop");
}

#[test]
fn two_restarts_at_once_are_one_launch() {
    let mut world = ready();
    world.make(Move::Command(Command::Restart));
    world.make(Move::Command(Command::Restart));
    world.make(Move::Leaves);
    world.make(Move::Supervise);
    world.make(Move::Hello);
    assert_eq!(world.agent.control.incarnation, 2);
    assert_eq!(world.agent.due_at(), None);
}

#[test]
fn a_delete_during_a_backoff_is_told_at_once_and_launches_nothing() {
    let mut world = ready();
    world.make(Move::Ends { code: 70, jitter: 0.0 });
    assert_eq!(world.agent.control.process, ProcessPhase::Backoff);
    world.make(Move::Command(Command::Delete));
    assert_eq!(world.stops, (1, 1));
    assert_eq!(world.supervise(), Some(Step::Purge));
}

#[test]
fn a_delete_of_an_agent_at_rest_says_nothing() {
    for rest in [Command::Stop, Command::Put { reconfigures: true }] {
        let mut world = World::after(RuntimeKind::External, &[Move::Command(Command::Stop), Move::Command(rest)]);
        world.make(Move::Command(Command::Delete));
        assert_eq!(world.stops, (1, 1), "only the first stop ended something");
        assert_eq!(world.supervise(), Some(Step::Purge));
    }
}

#[test]
fn a_pause_keeps_a_starting_process_and_start_goes_on_with_it() {
    let mut world = World::after(RuntimeKind::Local, &[Move::Command(Command::Stop), Move::Command(Command::Start)]);
    world.make(Move::Supervise);
    world.make(Move::Command(Command::Pause));
    world.make(Move::Hello);
    assert!(!world.agent.may_claim(1), "a paused agent takes tasks");
    world.make(Move::Command(Command::Start));
    assert!(world.agent.may_claim(1));
}

#[test]
fn a_worker_that_parks_is_not_given_tasks_until_it_works_again() {
    let mut world = ready();
    world.make(Move::Command(Command::Pause));
    world.make(Move::Parked(true));
    world.make(Move::Command(Command::Start));
    assert!(!world.agent.may_claim(1));
    world.make(Move::Parked(false));
    assert!(world.agent.may_claim(1));
}

#[test]
fn a_start_that_overtook_a_stop_is_launched_although_the_stopped_one_could_not_be() {
    let mut world = World::after(RuntimeKind::Local, &[Move::Supervise, Move::Command(Command::Stop)]);
    world.make(Move::Command(Command::Start));
    world.make(Move::LaunchFails);
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(world.supervise(), Some(Step::Launch));
}
