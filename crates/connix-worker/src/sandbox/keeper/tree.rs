//! The processes below a process, read from `/proc`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::{fs, io};

use nix::unistd::{Pid, Uid};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    parent: i32,
    state: char,
    threads: u64,
    /// With the number it makes the process unmistakable.
    started: u64,
}

impl Process {
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state, 'T' | 't')
    }

    /// Signals this very process. One that has ended meanwhile is left alone, also when its number is another's by now.
    pub(super) fn signal(&self, signal: Signal) {
        let Some(pid) = rustix::process::Pid::from_raw(self.pid) else { return };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if read(self.pid).is_some_and(|now| now.started == self.started) {
            // It may end between the two.
            let _ = pidfd_send_signal(&handle, signal);
        }
    }

    /// Bytes of memory that no file stands for, as far as they are resident. What it shares with others is counted in full in each.
    pub(super) fn memory(&self) -> u64 {
        self.kibibytes("status", &["RssAnon:", "RssShmem:"]).unwrap_or(0) << 10
    }

    /// The same with its part alone of what it shares. Reading it takes the kernel longer.
    pub(super) fn part_of_memory(&self) -> u64 {
        let part = self.kibibytes("smaps_rollup", &["Pss_Anon:", "Pss_Shmem:"]);
        part.map_or_else(|| self.memory(), |kibibytes| kibibytes << 10)
    }

    /// Where the kernel shows its threads. One that has ended alone, the first too, has nothing any more; what the process has is to be
    /// asked of another.
    pub(super) fn threads(&self) -> impl Iterator<Item = PathBuf> {
        fs::read_dir(format!("/proc/{}/task", self.pid)).into_iter().flatten().flatten().map(|thread| thread.path())
    }

    /// The sum of these lines of a thread's file; `None` when one of them is missing in each.
    fn kibibytes(&self, file: &str, names: &[&str]) -> Option<u64> {
        self.threads().find_map(|thread| {
            let text = fs::read_to_string(thread.join(file)).ok()?;
            names.iter().map(|name| field(&text, name)?.parse::<u64>().ok()).sum()
        })
    }

    /// A process whose first thread has ended alone looks dead, and is not.
    fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X') && self.threads <= 1
    }
}

/// Everything below `root`, nearest first, `root` itself left out.
///
/// # Errors
/// When `/proc` cannot be read: then nothing is known.
pub(super) fn descendants(root: Pid) -> io::Result<Vec<Process>> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let pid = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(process) = pid.and_then(read) {
            children.entry(process.parent).or_default().push(process);
        }
    }
    let mut found = children.remove(&root.as_raw()).unwrap_or_default();
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        found.extend(children.remove(&process.pid).unwrap_or_default());
        next += 1;
    }
    found.retain(|process| !process.has_ended());
    Ok(found)
}

/// After the program's name in parentheses, `stat` has state and parent; threads are its 20th field, the start its 22nd.
fn read(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let state = fields.first()?.chars().next()?;
    let (parent, threads) = (fields.get(1)?.parse().ok()?, fields.get(17)?.parse().ok()?);
    Some(Process { pid, parent, state, threads, started: fields.get(19)?.parse().ok()? })
}

/// How many threads a user has on the host: the kernel's count for `RLIMIT_NPROC`.
pub(super) fn threads_of(user: Uid) -> u64 {
    let user = user.to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let threads = processes.filter_map(|process| {
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        (field(&status, "Uid:")? == user).then(|| field(&status, "Threads:")?.parse::<u64>().ok())?
    });
    threads.sum()
}

/// The first word after the name of a line.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_s_child_is_found_and_what_has_ended_is_not() {
        let mut shell =
            Command::new("/bin/sh").args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped()).spawn().unwrap();
        let line = BufReader::new(shell.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let sleeper: i32 = line.parse().unwrap();
        let below = || descendants(nix::unistd::getpid()).unwrap();
        let found = below().into_iter().find(|process| process.pid == sleeper).unwrap();
        assert!(below().iter().any(|process| process.pid == shell.id().cast_signed()));
        assert!(!found.is_stopped());
        assert!(found.memory() > 0 && (1..=found.memory()).contains(&found.part_of_memory()));

        found.signal(Signal::KILL);
        shell.wait().unwrap();
        assert!(below().iter().all(|process| process.pid != sleeper));
        found.signal(Signal::KILL); // nobody
    }
}
