//! `docs/lifecycles.md`: each lifecycle as a table and as a diagram.

use connix_domain::agent::AgentPhase;
use connix_domain::lifecycle::{Lifecycle, Words};
use connix_domain::project::ProjectPhase;
use connix_domain::task::TaskPhase;
use std::fmt::Write;

const OPENING: &str = "\
<!-- Printed from the tables in crates/connix-domain/src by crates/connix-domain/tests/lifecycles.rs;
     UPDATE_GOLDEN=1 cargo test -p connix-domain --test lifecycles rewrites it. -->

# Lifecycles

A lifecycle is one total function: what each action leads to from each phase. A column in **bold** is a command that
people give; the others are what the service itself does or finds. `=` leads to where it is, `x` is refused. The diagrams leave
out what changes nothing.
";

const PROJECT: &str = "\
`archived` keeps what is in the project, but takes no new resources and starts no agents. A deleted project is gone for
everybody at once; the supervisor removes it when nothing runs in it any more.
";

const AGENT: &str = "\
The phase is what the service promises (contract section 6); what the process really does stands beside it, in `runtime.phase`, and the
supervisor makes the one follow the other. `updating` is three phases by what follows it; the API shows one word for them. A repeated
`start`, `pause` or `stop` (`=`) answers 200 and writes nothing; `restart` and `update` always act.

`settle`: the worker is ready and uses the newest configuration, or there is none that has to. `give up`: it crashed too often, or
cannot be launched at all.
";

const TASK: &str = "\
`claim`: a worker takes it, under a lease. `retry`: the attempt failed and there will be another. `release`: the attempt was given back
without having failed (drained, paused, the server restarted). `fail`: attempts are used up, or another would fail as well. A running
task that is cancelled ends as soon as its worker lets go of it.
";

/// The whole document.
pub(crate) fn print() -> String {
    let mut text = OPENING.to_owned();
    section::<ProjectPhase>(&mut text, "Project", PROJECT);
    section::<AgentPhase>(&mut text, "Agent", AGENT);
    section::<TaskPhase>(&mut text, "Task", TASK);
    text
}

fn section<P: Lifecycle>(text: &mut String, title: &str, meaning: &str) {
    write!(text, "\n## {title}\n\n{meaning}\n").unwrap();
    table::<P>(text);
    text.push('\n');
    diagram::<P>(text);
}

fn table<P: Lifecycle>(text: &mut String) {
    let heads: Vec<_> = P::Action::ALL.iter().map(|action| head::<P>(*action)).collect();
    writeln!(text, "| phase | {} |", heads.join(" | ")).unwrap();
    writeln!(text, "|---|{}", "---|".repeat(heads.len())).unwrap();
    for phase in P::ALL {
        let cells: Vec<_> = P::Action::ALL.iter().map(|action| cell(*phase, *action)).collect();
        writeln!(text, "| {} | {} |", phase.as_str(), cells.join(" | ")).unwrap();
    }
}

fn head<P: Lifecycle>(action: P::Action) -> String {
    let word = action.as_str();
    if P::COMMANDS.contains(&action) { format!("**{word}**") } else { word.to_owned() }
}

fn cell<P: Lifecycle>(phase: P, action: P::Action) -> &'static str {
    match phase.after(action) {
        Some(next) if next == phase => "=",
        Some(next) => next.as_str(),
        None => "x",
    }
}

/// One arrow from a phase to another, labelled with all the actions that lead there.
fn diagram<P: Lifecycle>(text: &mut String) {
    text.push_str("```mermaid\nstateDiagram-v2\n");
    writeln!(text, "    [*] --> {}", P::FIRST.as_str()).unwrap();
    for from in P::ALL {
        let mut leads_away = false;
        for to in P::ALL.iter().filter(|to| *to != from) {
            let actions: Vec<_> = P::Action::ALL.iter().filter(|a| from.after(**a) == Some(*to)).collect();
            if !actions.is_empty() {
                leads_away = true;
                let labels: Vec<_> = actions.iter().map(|action| action.as_str()).collect();
                writeln!(text, "    {} --> {}: {}", from.as_str(), to.as_str(), labels.join(", ")).unwrap();
            }
        }
        if !leads_away {
            writeln!(text, "    {} --> [*]", from.as_str()).unwrap();
        }
    }
    text.push_str("```\n");
}
