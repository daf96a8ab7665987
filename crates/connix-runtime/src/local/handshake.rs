//! The line that tells a worker whom to work for (`LaunchHandshake` of the worker protocol).

use std::path::Path;

use connix_domain::port::secrets::Secret;
use serde_json::json;

/// The line with its newline.
pub(super) fn line(server_url: &str, token: &Secret, lock: &Path, workspace: &Path, instance: &str) -> String {
    let handshake = json!({
        "server_url": server_url,
        "token": token.expose(),
        "lock_path": lock.to_string_lossy(),
        "workspace": workspace.to_string_lossy(),
        "instance": instance,
    });
    format!("{handshake}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same text is read by a test of `connix-worker-protocol`.
    const LINE: &str = r#"{"server_url":"http://127.0.0.1:8080","token":"cxw_1","lock_path":"/run/a.lock","workspace":"/workspaces/proj_1","instance":"1-2/agent_1/1"}"#;

    #[test]
    fn it_is_the_line_of_the_worker_protocol() {
        let paths = (Path::new("/run/a.lock"), Path::new("/workspaces/proj_1"));
        let line = line("http://127.0.0.1:8080", &Secret::new("cxw_1"), paths.0, paths.1, "1-2/agent_1/1");
        assert_eq!(line, format!("{LINE}\n"));
    }
}
