//! Contract section 6, written out as data and held against the agent's verbs.

use crate::fixture::{at, new_agent};
use connix_domain::agent::AgentPhase::{
    Creating, Deleted, Error, Paused, Running, Stopped, UpdatingPaused, UpdatingRunning, UpdatingStopped,
};
use connix_domain::agent::{Agent, AgentAction, AgentChange, AgentPhase, Commanded, RuntimeKind};
use connix_domain::lifecycle::{Lifecycle, TransitionError};

/// What the contract says of a command in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// `x`: 409.
    Refused,
    /// `=`: 200, and nothing changes.
    Already,
    /// 200, with this phase.
    Becomes(AgentPhase),
}

use Answer::{Already, Becomes, Refused};

/// Rows and columns in the order of the contract: start, pause, stop, restart, PUT, DELETE.
#[rustfmt::skip]
const TABLE: [(AgentPhase, [Answer; 6]); 8] = [
    (Creating,        [Already,                  Refused,         Becomes(Stopped), Refused,          Becomes(UpdatingRunning), Becomes(Deleted)]),
    (Running,         [Already,                  Becomes(Paused), Becomes(Stopped), Becomes(Running), Becomes(UpdatingRunning), Becomes(Deleted)]),
    (Paused,          [Becomes(Running),         Already,         Becomes(Stopped), Becomes(Running), Becomes(UpdatingPaused),  Becomes(Deleted)]),
    (Stopped,         [Becomes(Running),         Refused,         Already,          Becomes(Running), Becomes(UpdatingStopped), Becomes(Deleted)]),
    (Error,           [Becomes(Running),         Refused,         Becomes(Stopped), Becomes(Running), Becomes(UpdatingRunning), Becomes(Deleted)]),
    (UpdatingRunning, [Already,                  Becomes(Paused), Becomes(Stopped), Becomes(Running), Becomes(UpdatingRunning), Becomes(Deleted)]),
    (UpdatingPaused,  [Becomes(UpdatingRunning), Becomes(Paused), Becomes(Stopped), Becomes(Running), Becomes(UpdatingPaused),  Becomes(Deleted)]),
    (UpdatingStopped, [Becomes(UpdatingRunning), Refused,         Becomes(Stopped), Becomes(Running), Becomes(UpdatingStopped), Becomes(Deleted)]),
];

/// What the API shows of each row.
const SHOWN: [&str; 8] = ["creating", "running", "paused", "stopped", "error", "updating", "updating", "updating"];

fn give(agent: &Agent, command: AgentAction) -> Result<Commanded, TransitionError> {
    match command {
        AgentAction::Start => agent.start(at(1)),
        AgentAction::Pause => agent.pause(at(1)),
        AgentAction::Stop => agent.stop(at(1)),
        AgentAction::Restart => agent.restart(at(1)),
        AgentAction::Update => agent.update(AgentChange::default(), agent.config.clone(), None, at(1)),
        AgentAction::Delete => agent.delete(at(1)),
        AgentAction::Settle | AgentAction::GiveUp => unreachable!("{command} is no command"),
    }
}

fn answer(agent: &Agent, command: AgentAction) -> Answer {
    match give(agent, command) {
        Err(_) => Refused,
        Ok(Commanded::Already) => Already,
        Ok(Commanded::Changed(next, _)) => Becomes(next.phase),
    }
}

#[test]
fn every_cell_of_the_contracts_table_holds_on_both_runtimes() {
    for runtime in [RuntimeKind::Local, RuntimeKind::External] {
        for (phase, answers) in TABLE {
            let agent = Agent { phase, ..new_agent(runtime) };
            let given: Vec<_> = AgentPhase::COMMANDS.iter().map(|command| answer(&agent, *command)).collect();
            assert_eq!(given, answers, "{phase} on {runtime}");
        }
    }
}

#[test]
fn the_columns_are_the_contracts_commands() {
    let columns: Vec<_> = AgentPhase::COMMANDS.iter().map(|command| command.as_str()).collect();
    assert_eq!(columns, ["start", "pause", "stop", "restart", "update", "delete"]);
}

#[test]
fn every_row_is_shown_under_the_documents_status() {
    assert_eq!(TABLE.map(|(phase, _)| phase.status()), SHOWN);
}

#[test]
fn a_deleted_agent_takes_no_command() {
    let agent = Agent { phase: Deleted, ..new_agent(RuntimeKind::Local) };
    for command in AgentPhase::COMMANDS {
        assert_eq!(answer(&agent, *command), Refused, "{command}");
    }
}

#[test]
fn a_changed_agent_is_one_version_and_one_generation_ahead() {
    for (phase, _) in TABLE {
        let agent = Agent { phase, ..new_agent(RuntimeKind::Local) };
        for command in AgentPhase::COMMANDS {
            if let Ok(Commanded::Changed(next, _)) = give(&agent, *command) {
                assert_eq!(next.version, agent.version + 1, "{command} while {phase}");
                assert_eq!(next.control.generation, agent.control.generation + 1, "{command} while {phase}");
                assert_eq!(next.updated_at, at(1), "{command} while {phase}");
            }
        }
    }
}
