//! A worker that crashes: launched again with growing delays, given up after 5 crashes within 10 minutes.

use crate::fixture::at;
use crate::moves::{Command, Move};
use crate::world::World;
use chrono::Duration;
use connix_domain::Timestamp;
use connix_domain::agent::{AgentPhase, Control, ProcessPhase, RuntimeKind, Step};
use proptest::prelude::*;

fn ready() -> World {
    World::after(RuntimeKind::Local, &[Move::Supervise, Move::Hello])
}

/// The worker is launched again when it is due, and speaks.
fn comes_back(world: &mut World) {
    world.now = world.now.max(world.agent.due_at().unwrap());
    assert_eq!(world.supervise(), Some(Step::Launch));
    world.make(Move::Hello);
}

/// The error code of an agent that was given up.
fn fault(world: &World) -> Option<&str> {
    world.agent.control.fault.as_ref().map(|fault| fault.code.as_str())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_crash_loop_ends_in_error_after_five_crashes_with_growing_delays(
        jitters in proptest::collection::vec(-0.25..=0.25_f64, 5),
    ) {
        let mut world = ready();
        let mut before = Duration::zero();
        for (nth, jitter) in jitters.iter().take(4).enumerate() {
            world.make(Move::Ends { code: 70, jitter: *jitter });
            prop_assert_eq!(world.agent.phase, AgentPhase::Running, "a crash within the budget keeps the status");
            prop_assert_eq!(world.agent.control.process, ProcessPhase::Backoff);
            let delay = world.agent.control.retry_at.unwrap() - world.now;
            let plain = f64::from(1 << nth);
            prop_assert!(delay > before);
            prop_assert!((0.75 * plain..=1.25 * plain).contains(&delay.as_seconds_f64()), "{delay}");
            before = delay;
            comes_back(&mut world);
            prop_assert_eq!(world.agent.control.restarts, nth as i64 + 1);
        }
        world.make(Move::Ends { code: 70, jitter: jitters[4] });
        prop_assert_eq!(world.agent.phase, AgentPhase::Error);
        prop_assert_eq!(fault(&world), Some("crash_loop"));
        prop_assert_eq!(world.agent.due_at(), None);
    }

    #[test]
    fn an_agent_is_given_up_exactly_at_the_fifth_crash_within_ten_minutes(
        gaps in proptest::collection::vec(0..400_i64, 1..40),
    ) {
        let mut world = ready();
        let mut crashes: Vec<Timestamp> = Vec::new();
        for gap in gaps {
            world.make(Move::Wait(gap));
            crashes.push(world.now);
            world.make(Move::Ends { code: 1, jitter: 0.0 });
            let recent = crashes.iter().filter(|crash| world.now - **crash < Control::FAILURE_WINDOW).count();
            prop_assert_eq!(world.agent.phase == AgentPhase::Error, recent >= Control::FAILURE_BUDGET);
            if world.agent.phase == AgentPhase::Error {
                break;
            }
            comes_back(&mut world);
        }
    }

    #[test]
    fn whatever_the_jitter_no_delay_is_negative_or_out_of_bounds(jitter: f64) {
        let mut world = ready();
        world.make(Move::Ends { code: 1, jitter });
        let delay = world.agent.control.retry_at.unwrap() - world.now;
        prop_assert!((Duration::zero()..=Duration::milliseconds(1250)).contains(&delay), "{delay}");
    }
}

#[test]
fn a_code_that_says_do_not_try_again_is_believed_at_once() {
    for code in [64, 77, 78] {
        let mut world = ready();
        world.make(Move::Ends { code, jitter: 0.0 });
        assert_eq!(world.agent.phase, AgentPhase::Error, "{code}");
        assert_eq!(fault(&world), Some("worker_refused"), "{code}");
    }
}

#[test]
fn an_end_that_nobody_asked_for_is_a_crash_whatever_its_code() {
    for code in [0, 1, 70, 75, 137] {
        let mut world = ready();
        world.make(Move::Ends { code, jitter: 0.0 });
        assert_eq!(world.agent.control.process, ProcessPhase::Backoff, "{code}");
    }
}

#[test]
fn a_worker_that_never_speaks_is_killed_and_counted() {
    let mut world = World::after(RuntimeKind::Local, &[Move::Supervise]);
    assert_eq!((world.agent.due_at(), world.agent.deadline()), (Some(at(60)), Some(at(60))));
    world.now = at(60);
    assert_eq!(world.supervise(), Some(Step::KillUnready));
    assert_eq!(world.agent.control.failures, [at(60)]);
    assert_eq!(world.agent.phase, AgentPhase::Creating);
}

#[test]
fn a_paused_agent_whose_worker_crashes_stays_paused_without_one() {
    let mut world = ready();
    world.make(Move::Command(Command::Pause));
    world.make(Move::Ends { code: 77, jitter: 0.0 });
    assert_eq!(world.agent.phase, AgentPhase::Paused);
    assert_eq!(world.agent.control.process, ProcessPhase::None);
    assert_eq!(world.agent.control.last_exit.as_ref().and_then(|exit| exit.code), Some(77));
}

#[test]
fn a_pause_cancels_a_backoff_and_a_start_launches_at_once() {
    let mut world = ready();
    world.make(Move::Ends { code: 70, jitter: 0.0 });
    world.make(Move::Command(Command::Pause));
    assert_eq!(world.agent.control.process, ProcessPhase::None);
    assert_eq!(world.agent.due_at(), None);
    world.make(Move::Command(Command::Start));
    assert_eq!(world.supervise(), Some(Step::Launch));
}

#[test]
fn a_restart_forgives_earlier_crashes() {
    let mut world = ready();
    world.make(Move::Ends { code: 1, jitter: 0.0 });
    world.make(Move::Command(Command::Restart));
    assert!(world.agent.control.failures.is_empty());
    assert_eq!(world.supervise(), Some(Step::Launch), "a restart waits for no backoff");
}

#[test]
fn a_start_after_a_crash_loop_is_a_fresh_one() {
    let mut world = ready();
    for _ in 0..4 {
        world.make(Move::Ends { code: 1, jitter: 0.0 });
        comes_back(&mut world);
    }
    world.make(Move::Ends { code: 1, jitter: 0.0 });
    world.make(Move::Command(Command::Start));
    assert_eq!(world.agent.phase, AgentPhase::Running);
    assert_eq!(fault(&world), None);
    assert!(world.agent.control.failures.is_empty());
    assert_eq!(world.supervise(), Some(Step::Launch));
}
