//! Commands that end by themselves: `connix keys create`, `connix orgs create`, `connix config`, …

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

impl Installation {
    /// Runs `connix` with `arguments` here and waits for its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        Output {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
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
