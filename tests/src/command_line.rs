//! Commands that end by themselves: `connix keys create`, `connix orgs create`, `connix config`, …

use std::io::Write;
use std::process::{self, Stdio};

use crate::Installation;

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Output {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<process::Output> for Output {
    fn from(output: process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Installation {
    /// Runs `connix` with `arguments` here and waits for its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap().into()
    }

    /// The same with `input` to read.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// The one line that a command which must succeed prints: a key, an id.
    #[track_caller]
    pub fn line(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.code, Some(0), "`connix {}`: {output:?}", arguments.join(" "));
        let lines: Vec<_> = output.stdout.lines().collect();
        assert_eq!(lines.len(), 1, "`connix {}` prints one line alone: {output:?}", arguments.join(" "));
        lines[0].to_owned()
    }
}
