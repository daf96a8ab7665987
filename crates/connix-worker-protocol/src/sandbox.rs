//! How a worker confines the programs that tools run, and within which bounds they run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The operator's settings of the sandbox, part of [`crate::tools::ToolSettings`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SandboxSettings {
    /// How programs are confined.
    pub mode: SandboxMode,
    /// How the processes of one program are held together, so that none outlives it.
    pub containment: Containment,
    /// Users that programs run as when the worker is root.
    pub users: UserRange,
    /// Folders that programs may read besides the system's own, such as that of another interpreter.
    pub readable: Vec<PathBuf>,
    /// Bounds on one program.
    pub limits: ProgramLimits,
}

/// How programs are confined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    /// Fully, or they do not run.
    #[default]
    Strict,
    /// Not at all: the operator's explicit choice.
    None,
}

/// How the processes of one program are held together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Containment {
    /// In a namespace where the kernel gives one, else by sweeping.
    #[default]
    Auto,
    /// In a PID namespace of their own, whose end is theirs.
    Namespace,
    /// As descendants of a process that inherits its orphans (`PR_SET_CHILD_SUBREAPER`) and kills until none is left.
    Sweep,
}

/// `first` and the `count - 1` ids after it, each a user and a group of the same number that nobody else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserRange {
    /// The lowest id.
    pub first: u32,
    /// How many; at least 1.
    pub count: u32,
}

impl Default for UserRange {
    /// Ids between those of containers and those that overflow, which nothing hands out.
    fn default() -> Self {
        Self { first: 1_900_000_000, count: 65_536 }
    }
}

/// Bounds on one program and all that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgramLimits {
    /// Memory in use by all its processes together, MiB; looked at several times a second.
    pub memory_mib: u64,
    /// Address space of each of its processes, MiB.
    pub address_space_mib: u64,
    /// Processes and threads. Those of one project's programs count together.
    pub processes: u64,
    /// Open files of each process.
    pub open_files: u64,
    /// Longest file that it may write, MiB.
    pub file_size_mib: u64,
    /// What the workspace may hold, bytes on disk.
    pub workspace_bytes: u64,
    /// What it may hold, files and folders; the temporary ones of a program as many.
    pub workspace_files: u64,
    /// Temporary files of a program, MiB on disk.
    pub temporary_mib: u64,
    /// CPU time of each process, seconds.
    pub cpu_seconds: u64,
    /// What is kept of what it prints, KiB: three quarters of it standard output, a quarter standard error, of each the
    /// beginning and the end.
    pub output_kib: u64,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        Self {
            memory_mib: 512,
            address_space_mib: 1024,
            processes: 64,
            open_files: 256,
            file_size_mib: 256,
            workspace_bytes: 1 << 30,
            workspace_files: 10_000,
            temporary_mib: 256,
            cpu_seconds: 60,
            output_kib: 64,
        }
    }
}
