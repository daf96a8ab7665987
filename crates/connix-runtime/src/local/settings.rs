//! What a local runtime needs to know.

use std::path::PathBuf;

/// Where workers find what they need.
#[derive(Debug, Clone)]
pub struct LocalSettings {
    /// The program that every worker is.
    pub program: WorkerProgram,
    /// Base URL at which workers reach this server's API, e.g. `http://127.0.0.1:8080`.
    pub server_url: String,
    /// Folder of the agents' lock files; created when missing.
    pub run: PathBuf,
    /// Folder of the projects' workspaces, one folder `proj_…` each; created when missing.
    pub workspaces: PathBuf,
    /// How much a workspace may hold, in bytes: what disk usage is a fraction of.
    pub workspace_bytes: u64,
}

/// A program and its arguments.
#[derive(Debug, Clone)]
pub struct WorkerProgram {
    /// What is executed.
    pub path: PathBuf,
    /// The name it is called by, `argv[0]`.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl WorkerProgram {
    /// The program that a command line names first, with the rest as its arguments; the running program itself when the
    /// line is empty.
    #[must_use]
    pub fn of(command: &[String]) -> Self {
        match command.split_first() {
            Some((path, arguments)) => Self { path: path.into(), name: path.clone(), arguments: arguments.to_vec() },
            None => Self::own(),
        }
    }

    /// The running program itself, as `connix worker`. The path is a link to the very file that runs, so that replacing
    /// it on disk cannot mix versions.
    #[must_use]
    pub fn own() -> Self {
        Self { path: "/proc/self/exe".into(), name: "connix".into(), arguments: vec!["worker".into()] }
    }
}
