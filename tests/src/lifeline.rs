//! Ends a child and removes its folder when the test program itself has ended, however it ended.
//!
//! Statics are not dropped and a panicking or killed test program runs no destructors, so a server shared by all cases would
//! outlive it. A small shell holds the other end of a pipe: its end of file means that we are gone.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const WATCH: &str = r#"read -r line || { kill -KILL "$1" 2>/dev/null; rm -rf "$2"; }"#;

/// While this lives, `pid` is killed and `folder` removed should the test program die.
#[derive(Debug)]
pub(crate) struct Lifeline {
    watcher: Child,
}

impl Lifeline {
    pub(crate) fn tie(pid: u32, folder: &Path) -> Self {
        Self::watch(&pid.to_string(), folder)
    }

    /// The same for every process of the group that `pid` leads.
    pub(crate) fn tie_group(pid: u32, folder: &Path) -> Self {
        Self::watch(&format!("-{pid}"), folder)
    }

    fn watch(target: &str, folder: &Path) -> Self {
        let watcher = Command::new("sh")
            .args(["-c", WATCH, "lifeline", target])
            .arg(folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        Self { watcher }
    }
}

impl Drop for Lifeline {
    /// The orderly end: the watcher reads a line and leaves without doing anything.
    fn drop(&mut self) {
        if let Some(mut line) = self.watcher.stdin.take() {
            _ = line.write_all(b"\n");
        }
        _ = self.watcher.wait();
    }
}
