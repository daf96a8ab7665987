//! What a worker and the keeper of a program tell each other: lines of JSON over the socket that is the keeper's
//! standard input. Its end means that the worker is gone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use connix_worker_protocol::sandbox::ProgramLimits;
use connix_worker_protocol::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::tools::own_program::OwnCall;

/// The first line to the keeper.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) job: Job,
    pub(super) hold: Hold,
    /// Absent when programs are not confined.
    pub(super) confinement: Option<Confinement>,
    pub(super) limits: ProgramLimits,
    /// The project's folder, absolute and without links.
    pub(super) workspace: PathBuf,
    /// The worker whose program it is; every process of the program bears it in its environment.
    pub(super) instance: String,
}

impl Order {
    /// Whether the program runs as a user that is somebody's, and sees what else that user has: then Landlock and the filter
    /// of system calls alone stand between the two.
    pub(super) fn shares_its_user(&self) -> bool {
        let is_shared = |confinement: &Confinement| !confinement.has_a_user_of_its_own();
        self.hold == Hold::Sweep && self.confinement.as_ref().is_none_or(is_shared)
    }
}

/// What is to be done inside.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Job {
    /// Run a program.
    Program(Program),
    /// Run a program that is spoken to: its standard input is what its standard output is, a socket. It works in the folder
    /// for temporary files, so that nothing of the workspace's comes between it and what it loads.
    Serve(Program),
    /// Do a call of a tool of this program's own.
    Own(OwnCall),
    /// Find out whether everything that should be denied is, and leave.
    Examine,
}

/// A program to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Program {
    /// Its name, looked up in the sandbox's own path unless it is a path itself, and its arguments. Not for secrets: the
    /// host's users can read it.
    pub words: Vec<String>,
    /// Its environment variables, besides those that every program has.
    pub environment: BTreeMap<String, Secret>,
}

/// How the processes are held together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// A PID namespace: the kernel ends all of it with its first process.
    Namespace,
    /// The keeper inherits every orphan and kills until none is left.
    Sweep,
}

/// How far a program is confined.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Confinement {
    /// Whom it runs as, if not as the worker itself.
    pub(super) user: Option<u32>,
    /// The workspace is theirs alone and is to be given to that user.
    pub(super) is_given: bool,
    /// Folders it may read besides the system's own.
    pub(super) readable: Vec<PathBuf>,
}

impl Confinement {
    /// Whether nobody else is the user that it runs as. The owner of a folder that was not given away is somebody.
    pub(super) fn has_a_user_of_its_own(&self) -> bool {
        self.user.is_some() && self.is_given
    }
}

/// What the keeper is told while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Command {
    /// Stop every process.
    Freeze,
    /// Let them go on.
    Thaw,
    /// Ask all of them to end, and end them soon after.
    End,
}

/// What the keeper tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// The program runs, confined as ordered.
    Started,
    /// It does not: why.
    Refused(String),
    /// It has ended, and no process of it is left.
    Ended(End),
}

/// How a program ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal.
    pub signal: Option<i32>,
    /// It used more memory than it may.
    pub out_of_memory: bool,
    /// It kept more on disk than it may, or found its workspace full: then it could read and remove, not write.
    pub disk_full: bool,
}
