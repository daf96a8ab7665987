//! PUT: in every phase, with and without a worker that has to apply something.

use crate::fixture::{at, metadata, new_agent};
use crate::moves::{Command, Move, Revision};
use crate::world::World;
use connix_domain::agent::{Agent, AgentChange, AgentPhase, Commanded, Control, ProcessPhase, RuntimeKind, Step};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const PUT: Move = Move::Command(Command::Put { reconfigures: true });
const RENAME: Move = Move::Command(Command::Put { reconfigures: false });

fn local(moves: &[Move]) -> World {
    let mut world = World::after(RuntimeKind::Local, &[Move::Supervise, Move::Hello]);
    for next in moves {
        world.make(*next);
    }
    world
}

#[test]
fn an_update_is_over_when_the_worker_uses_the_newest_configuration() {
    let mut world = local(&[PUT]);
    let limit = Some(world.now + Control::UPDATE_TIMEOUT);
    assert_eq!((world.agent.due_at(), world.agent.deadline()), (limit, limit));
    for other in [Revision::Older, Revision::Beyond] {
        world.make(Move::Applied(other));
        assert_eq!(world.agent.phase, AgentPhase::UpdatingRunning, "{other:?}");
    }
    world.make(Move::Applied(Revision::Newest));
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(world.agent.deadline(), None);
}

#[test]
fn a_change_of_the_name_alone_is_over_at_once_in_every_phase_with_a_worker() {
    for (moves, then) in [
        (&[][..], AgentPhase::Running),
        (&[Move::Command(Command::Pause)], AgentPhase::Paused),
        (&[Move::Command(Command::Pause), Move::Parked(true)], AgentPhase::Paused),
    ] {
        let mut world = local(moves);
        let revision = world.agent.control.config_revision;
        world.make(RENAME);
        assert_eq!(world.agent.phase.status(), "updating");
        assert_eq!(world.supervise(), Some(Step::EndUpdate));
        assert_eq!(world.agent.phase, then);
        assert_eq!(world.agent.control.config_revision, revision);
    }
}

#[test]
fn a_worker_that_has_the_configuration_already_may_end_the_update_itself() {
    let mut world = local(&[RENAME]);
    world.make(Move::Applied(Revision::Newest));
    assert_eq!(world.agent.phase, AgentPhase::Running);
}

#[test]
fn an_update_of_a_local_agent_without_a_worker_is_over_at_once() {
    let paused = [Move::Command(Command::Pause), Move::Lost];
    let stopped = [Move::Command(Command::Stop), Move::Leaves];
    for (moves, then) in [(&paused, AgentPhase::Paused), (&stopped, AgentPhase::Stopped)] {
        let mut world = local(moves);
        world.make(PUT);
        assert_eq!(world.supervise(), Some(Step::EndUpdate));
        assert_eq!(world.agent.phase, then);
        assert_eq!(world.agent.due_at(), None);
    }
}

#[test]
fn an_update_while_creating_is_over_with_the_first_hello() {
    let mut world = World::after(RuntimeKind::Local, &[Move::Supervise, PUT]);
    assert_eq!(world.agent.phase, AgentPhase::UpdatingRunning);
    world.make(Move::Hello);
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(world.agent.control.applied_revision, 2);
}

#[test]
fn an_update_of_an_agent_in_error_launches_it_anew() {
    let mut world = local(&[Move::Ends { code: 77, jitter: 0.0 }]);
    assert_eq!(world.agent.phase, AgentPhase::Error);
    world.make(RENAME);
    assert_eq!(world.agent.phase, AgentPhase::UpdatingRunning);
    assert_eq!(world.agent.control.fault, None);
    assert_eq!(world.supervise(), Some(Step::Launch));
    world.make(Move::Hello);
    assert_eq!(world.agent.phase, AgentPhase::Running);
}

#[test]
fn an_update_during_a_backoff_is_over_with_the_next_hello() {
    let mut world = local(&[Move::Ends { code: 70, jitter: 0.0 }, PUT]);
    assert_eq!(world.agent.control.process, ProcessPhase::Backoff);
    world.now = world.agent.due_at().unwrap();
    assert_eq!(world.supervise(), Some(Step::Launch));
    world.make(Move::Hello);
    assert_eq!(world.agent.phase, AgentPhase::Running);
}

#[test]
fn an_update_while_the_old_process_leaves_is_over_with_the_new_one() {
    let mut world = local(&[Move::Command(Command::Restart), PUT]);
    world.make(Move::Applied(Revision::Newest));
    assert_eq!(world.agent.phase, AgentPhase::UpdatingRunning, "the word of a worker that is leaving counts");
    for next in [Move::Leaves, Move::Supervise, Move::Hello] {
        world.make(next);
    }
    assert_eq!(world.agent.phase, AgentPhase::Running);
}

#[test]
fn a_local_worker_that_does_not_apply_in_time_is_replaced() {
    let mut world = local(&[PUT]);
    let session = world.agent.control.session;
    world.now = world.agent.due_at().unwrap();
    assert_eq!(world.supervise(), Some(Step::ReplaceWorker));
    assert_eq!(world.agent.control.session, session, "it has to be able to give back what it holds");
    assert_eq!(world.supervise(), Some(Step::Drain));
    world.make(Move::Leaves);
    assert_eq!(world.agent.phase, AgentPhase::UpdatingRunning, "over before anybody uses the new configuration");
    assert!(world.agent.control.failures.is_empty(), "being replaced is no crash");
    assert_eq!(world.supervise(), Some(Step::Launch));
    world.make(Move::Hello);
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(world.agent.control.incarnation, 2);
}

#[test]
fn a_paused_worker_that_does_not_apply_in_time_leaves_and_none_follows_until_a_start() {
    let mut world = local(&[Move::Command(Command::Pause), PUT]);
    world.now = world.agent.due_at().unwrap();
    assert_eq!(world.supervise(), Some(Step::ReplaceWorker));
    assert_eq!(world.supervise(), Some(Step::EndUpdate));
    assert_eq!(world.supervise(), Some(Step::Drain));
    world.make(Move::Leaves);
    assert_eq!(world.agent.phase, AgentPhase::Paused);
    assert_eq!(world.agent.due_at(), None);
}

#[test]
fn a_refused_update_of_an_agent_without_a_process_waits_for_no_process() {
    let paused = local(&[Move::Command(Command::Pause), Move::Lost]).agent;
    assert_eq!(paused.update_refused(at(1)).control.process, ProcessPhase::None);
}

#[test]
fn an_external_agent_is_updating_until_its_worker_applies_or_its_time_is_over() {
    for moves in [&[Move::Hello, PUT][..], &[PUT], &[Move::Command(Command::Stop), PUT]] {
        let mut world = World::after(RuntimeKind::External, moves);
        assert!(world.agent.phase.is_updating());
        assert_eq!(world.agent.next_step(world.now), None);
        world.now += Control::UPDATE_TIMEOUT;
        assert_eq!(world.supervise(), Some(Step::EndUpdate));
        assert!(!world.agent.phase.is_updating());
    }
}

#[test]
fn a_start_while_updating_then_stopped_is_a_launch_of_its_own() {
    let mut world = World::after(RuntimeKind::External, &[Move::Hello, Move::Command(Command::Stop), Move::Leaves]);
    for next in [PUT, Move::Command(Command::Start)] {
        world.make(next);
    }
    assert_eq!(world.agent.phase, AgentPhase::UpdatingRunning);
    assert!(world.agent.control.announce);
    world.make(Move::Hello);
    assert_eq!(world.agent.phase, AgentPhase::Running);
}

#[test]
fn a_new_environment_is_a_new_revision() {
    let agent = new_agent(RuntimeKind::Local);
    let environment = Some(connix_domain::port::secrets::Sealed(vec![1, 2, 3]));
    let answer = agent.update(AgentChange::default(), agent.config.clone(), environment.clone(), at(1)).unwrap();
    let Commanded::Changed(next, _) = answer else { panic!("{answer:?}") };
    assert_eq!(next.environment, environment);
    assert_eq!(next.control.config_revision, 2);
}

fn updated(agent: &Agent, change: AgentChange) -> Agent {
    match agent.update(change, agent.config.clone(), None, at(1)) {
        Ok(Commanded::Changed(next, _)) => *next,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_put_keeps_created_by_and_the_version_unless_it_gives_one(
        custom in proptest::collection::btree_map("[a-z]{1,8}", 0..9_i64, 0..5),
        created_by in proptest::option::of("[a-z]{1,8}"),
        version in proptest::option::of("[0-9]\\.[0-9]\\.[0-9]"),
    ) {
        let agent = new_agent(RuntimeKind::Local);
        let mut given: Map<String, Value> = custom.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        given.extend(created_by.map(|by| ("created_by".to_owned(), json!(by))));
        given.extend(version.clone().map(|version| ("version".to_owned(), json!(version))));
        let change = AgentChange { metadata: Some(metadata(given.into())), ..AgentChange::default() };
        let next = updated(&agent, change).metadata;
        prop_assert_eq!(next.get("created_by"), Some(&json!(agent.created_by.to_string())));
        prop_assert_eq!(next.get("version"), Some(&json!(version.as_deref().unwrap_or("1.0.0"))));
        let team = next.get("team").and_then(Value::as_i64);
        prop_assert_eq!(team, custom.get("team").copied(), "metadata is replaced");
        for (key, value) in custom.iter().filter(|(key, _)| !["version", "created_by"].contains(&key.as_str())) {
            prop_assert_eq!(next.get(key), Some(&json!(value)));
        }
    }
}

#[test]
fn a_change_sets_clears_or_keeps_the_description() {
    let described = updated(
        &new_agent(RuntimeKind::Local),
        AgentChange { description: Some(Some("Answers".into())), ..AgentChange::default() },
    );
    assert_eq!(described.description.as_deref(), Some("Answers"));
    assert_eq!(updated(&described, AgentChange::default()).description.as_deref(), Some("Answers"));
    let cleared = updated(&described, AgentChange { description: Some(None), ..AgentChange::default() });
    assert_eq!(cleared.description, None);
}
