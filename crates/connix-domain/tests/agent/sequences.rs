//! Any commands and observations, in any order. What must hold after each stands in [`World`].

use crate::moves::{Command, Move, Revision, any_command, many_moves};
use crate::world::{World, exit};
use connix_domain::agent::{AgentPhase, ProcessPhase, RuntimeKind};
use proptest::prelude::*;

/// How the process behaves once nobody interferes any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manners {
    /// It says hello, applies configurations and leaves when told to.
    Cooperative,
    /// It says nothing; the runtime ends it when it is to leave.
    Silent,
}

/// More turns than any agent needs to come to rest.
const PATIENCE: usize = 100;

impl World {
    /// The next thing that the process, the supervisor or the clock does; whether there was one.
    fn turn(&mut self, manners: Manners) -> bool {
        let attached = self.agent.control.process.is_attached();
        let outdated = self.agent.control.applied_revision < self.agent.control.config_revision;
        let external = self.agent.runtime == RuntimeKind::External;
        if let Some(worker) = self.worker.clone() {
            let hears_of_it = external && manners == Manners::Cooperative && worker.unwanted;
            if worker.drained || hears_of_it {
                self.ends(exit(0, "left", self.now), 0.0);
                return true;
            }
            if manners == Manners::Cooperative && worker.nonce.is_none() && !worker.unwanted {
                self.make(Move::Hello);
                return true;
            }
            if manners == Manners::Cooperative && attached && outdated {
                self.make(Move::Applied(Revision::Newest));
                return true;
            }
        }
        if self.agent.next_step(self.now).is_some() {
            self.make(Move::Supervise);
            return true;
        }
        match self.agent.due_at() {
            Some(due) => {
                self.now = self.now.max(due);
                true
            }
            None => false,
        }
    }

    fn come_to_rest(&mut self, manners: Manners) {
        for _ in 0..PATIENCE {
            if self.purged || !self.turn(manners) {
                return;
            }
        }
        panic!("stuck: {:?}", self.agent);
    }

    fn assert_at_rest(&self, manners: Manners) {
        let external = self.agent.runtime == RuntimeKind::External;
        let process = self.agent.control.process;
        assert_eq!(self.stops.1, self.stops.0, "an agent.stopped is missing");
        match self.agent.phase {
            AgentPhase::Creating => assert!(external && process == ProcessPhase::WaitingForWorker),
            AgentPhase::Running => {
                let waits = external && process == ProcessPhase::WaitingForWorker;
                assert!(process.is_attached() || waits, "{process}");
            }
            AgentPhase::Paused => assert!(!process.is_live() || process.is_attached(), "{process}"),
            AgentPhase::Stopped => assert_eq!(process, ProcessPhase::None),
            AgentPhase::Error => {
                assert_eq!(process, ProcessPhase::None);
                assert!(self.agent.control.fault.is_some(), "error without a reason");
            }
            AgentPhase::Deleted => assert!(self.purged),
            AgentPhase::UpdatingRunning | AgentPhase::UpdatingPaused | AgentPhase::UpdatingStopped => {
                panic!("updating for ever, with {manners:?} worker")
            }
        }
    }
}

fn any_runtime() -> impl Strategy<Value = RuntimeKind> {
    prop_oneof![2 => Just(RuntimeKind::Local), 1 => Just(RuntimeKind::External)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_ever_stuck(
        runtime in any_runtime(),
        moves in many_moves(),
        manners in prop_oneof![Just(Manners::Cooperative), Just(Manners::Silent)],
    ) {
        let mut world = World::after(runtime, &moves);
        world.come_to_rest(manners);
        world.assert_at_rest(manners);
    }

    #[test]
    fn an_agent_at_rest_follows_every_further_command(
        runtime in any_runtime(),
        commands in proptest::collection::vec(any_command(), 1..12),
    ) {
        let mut world = World::new(runtime);
        for command in commands {
            world.make(Move::Command(command));
            world.come_to_rest(Manners::Cooperative);
            world.assert_at_rest(Manners::Cooperative);
        }
    }

    #[test]
    fn a_stop_in_the_middle_of_anything_ends_in_stopped_and_a_delete_in_nothing(
        runtime in any_runtime(),
        moves in many_moves(),
        deletes: bool,
    ) {
        let mut world = World::after(runtime, &moves);
        world.make(Move::Command(if deletes { Command::Delete } else { Command::Stop }));
        world.come_to_rest(Manners::Silent);
        prop_assert!(world.purged || world.agent.phase == AgentPhase::Stopped);
        prop_assert!(world.purged || !deletes);
        prop_assert!(world.worker.is_none());
    }

    #[test]
    fn an_external_agent_waits_in_creating_as_long_as_its_owner_likes(
        waits in proptest::collection::vec(0..1_000_000_i64, 0..20),
    ) {
        let mut world = World::new(RuntimeKind::External);
        for seconds in waits {
            world.make(Move::Wait(seconds));
            world.make(Move::Supervise);
            prop_assert_eq!(world.agent.phase, AgentPhase::Creating);
            prop_assert_eq!(world.agent.control.process, ProcessPhase::WaitingForWorker);
        }
        world.make(Move::Hello);
        prop_assert_eq!(world.agent.phase, AgentPhase::Running);
    }
}
