//! Proves the state machines, holds the agent's against the contract cell by cell, and prints all of them into
//! `docs/lifecycles.md`. A difference from the committed file fails; `UPDATE_GOLDEN=1` writes the new text.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "lifecycles/agent_contract.rs"]
mod agent_contract;
#[path = "lifecycles/document.rs"]
mod document;
mod fixture;

use connix_domain::agent::{AgentAction, AgentPhase};
use connix_domain::lifecycle::{Lifecycle, Words};
use connix_domain::project::{ProjectAction, ProjectPhase};
use connix_domain::task::{TaskAction, TaskPhase};
use std::path::Path;

/// The phases that can follow `from`, by any number of the given actions; `from` itself is one.
fn reachable<P: Lifecycle>(from: P, actions: &[P::Action]) -> Vec<P> {
    let mut found = vec![from];
    let mut at = 0;
    while let Some(phase) = found.get(at).copied() {
        for next in actions.iter().filter_map(|action| phase.after(*action)) {
            if !found.contains(&next) {
                found.push(next);
            }
        }
        at += 1;
    }
    found
}

fn assert_every_phase_is_reached<P: Lifecycle>() {
    let reached = reachable(P::FIRST, P::Action::ALL);
    for phase in P::ALL {
        assert!(reached.contains(phase), "nothing leads to {phase:?}");
    }
}

/// Whether nothing leads away from it.
fn is_final<P: Lifecycle>(phase: P) -> bool {
    P::Action::ALL.iter().all(|action| phase.after(*action).is_none())
}

/// What the service does or finds by itself, without anybody's command.
fn own_actions<P: Lifecycle>() -> Vec<P::Action> {
    P::Action::ALL.iter().filter(|action| !P::COMMANDS.contains(action)).copied().collect()
}

#[test]
fn every_phase_can_be_reached() {
    assert_every_phase_is_reached::<ProjectPhase>();
    assert_every_phase_is_reached::<AgentPhase>();
    assert_every_phase_is_reached::<TaskPhase>();
}

#[test]
fn every_transient_phase_is_left_without_a_command_of_anybody() {
    use AgentPhase::{Creating, Error, Paused, Running, Stopped, UpdatingPaused, UpdatingRunning, UpdatingStopped};
    for (transient, ends) in [
        (Creating, vec![Running, Error]),
        (UpdatingRunning, vec![Running, Error]),
        (UpdatingPaused, vec![Paused]),
        (UpdatingStopped, vec![Stopped]),
    ] {
        let next: Vec<_> = own_actions::<AgentPhase>().iter().filter_map(|action| transient.next(*action)).collect();
        assert_eq!(next, ends, "{transient:?}");
    }
    for transient in [TaskPhase::Queued, TaskPhase::Running] {
        let ends = reachable(transient, &own_actions::<TaskPhase>());
        for end in [TaskPhase::Completed, TaskPhase::Failed] {
            assert!(ends.contains(&end), "{transient:?} never becomes {end:?}");
        }
    }
}

#[test]
fn only_the_phases_that_say_so_are_final() {
    for phase in TaskPhase::ALL {
        assert_eq!(is_final(*phase), phase.is_final(), "{phase:?}");
    }
    for phase in AgentPhase::ALL {
        assert_eq!(is_final(*phase), *phase == AgentPhase::Deleted, "{phase:?}");
    }
    for phase in ProjectPhase::ALL {
        assert_eq!(is_final(*phase), *phase == ProjectPhase::Deleted, "{phase:?}");
    }
}

#[test]
fn every_project_and_every_agent_can_be_deleted_whatever_its_phase() {
    for phase in AgentPhase::ALL.iter().filter(|phase| **phase != AgentPhase::Deleted) {
        assert_eq!(phase.next(AgentAction::Delete), Some(AgentPhase::Deleted), "{phase:?}");
    }
    for phase in ProjectPhase::ALL.iter().filter(|phase| **phase != ProjectPhase::Deleted) {
        assert_eq!(phase.next(ProjectAction::Delete), Some(ProjectPhase::Deleted), "{phase:?}");
    }
}

#[test]
fn every_task_that_has_not_ended_can_be_called_off() {
    for phase in TaskPhase::ALL.iter().filter(|phase| !phase.is_final()) {
        assert_eq!(phase.next(TaskAction::Cancel), Some(TaskPhase::Cancelled), "{phase:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the switch of every test that prints a committed file")]
fn the_committed_document_shows_the_lifecycles() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lifecycles.md");
    let printed = document::print();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == printed, "docs/lifecycles.md is out of date; UPDATE_GOLDEN=1 cargo test rewrites it");
}
