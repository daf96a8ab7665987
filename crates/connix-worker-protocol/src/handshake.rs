//! What a server tells the local worker it has just started.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The one JSON line a local worker reads on its standard input.
///
/// The pipe stays open afterwards as the **lifeline**: its end means that the server is gone, and the worker leaves at
/// once (contract section 8). Nothing of it stands in arguments or environment, which are readable in `/proc`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaunchHandshake {
    /// Base URL of the server, e.g. `http://127.0.0.1:8080`; the paths of [`crate::path`] are appended.
    pub server_url: String,
    /// The token of this incarnation (`cxw_…`).
    pub token: Secret,
    /// File to hold an exclusive `flock` on: at most one live worker of an agent per host.
    pub lock_path: PathBuf,
    /// The project's workspace folder, the worker's current directory.
    pub workspace: PathBuf,
    /// Names the worker to whoever looks for what it left behind: its tools' processes bear it in their environment, as
    /// `CONNIX_INSTANCE`.
    #[serde(default)]
    pub instance: String,
}

impl LaunchHandshake {
    /// The line as it is written to the pipe, with its newline.
    ///
    /// # Errors
    /// When a path is not UTF-8, which JSON cannot carry.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|json| json + "\n")
    }
}
