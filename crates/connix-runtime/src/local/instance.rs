//! One worker process.

use std::io;
use std::process::{Child, ChildStdin, ExitStatus};

use connix_domain::id::{AgentId, OrgId, ProjectId};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::JoinHandle;

use super::children;
use super::output::{Tail, capture};
use super::process_group::ProcessGroup;
use super::strays::Mark;

/// Which instance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) agent: AgentId,
    pub(super) incarnation: i64,
}

/// A process that has not been reaped.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) org: OrgId,
    pub(super) project: ProjectId,
    /// What its programs' processes bear.
    pub(super) mark: Mark,
    pub(super) child: Child,
    /// Closing it ends the worker.
    pub(super) lifeline: Option<ChildStdin>,
    pub(super) tail: Tail,
    /// The readers of its output.
    pub(super) readers: Vec<JoinHandle<()>>,
    /// It has been told to leave.
    pub(super) leaving: bool,
}

impl Instance {
    pub(super) fn group(&self) -> ProcessGroup {
        ProcessGroup::led_by(self.child.id())
    }

    /// Starts reading what it prints.
    ///
    /// # Errors
    /// When the runtime that would read is gone.
    pub(super) fn read_output(&mut self, agent: AgentId) -> io::Result<()> {
        if let Some(stdout) = self.child.stdout.take() {
            self.readers.push(tokio::spawn(capture(ChildStdout::from_std(stdout)?, self.tail.clone(), agent)));
        }
        if let Some(stderr) = self.child.stderr.take() {
            self.readers.push(tokio::spawn(capture(ChildStderr::from_std(stderr)?, self.tail.clone(), agent)));
        }
        Ok(())
    }

    /// Kills what is left of the group, then reaps the leader. Blocks until the leader has ended.
    pub(super) fn put_to_rest(&mut self) -> Option<ExitStatus> {
        self.lifeline = None;
        self.group().kill();
        children::bury(&mut self.child)
    }
}
