//! The processes below a process, read from `/proc`.

use std::collections::HashMap;
use std::{fs, io};

use nix::unistd::Pid;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    parent: i32,
    state: char,
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

    /// Bytes of memory that are its own: what is resident and not shared with others.
    pub(super) fn own_memory(&self) -> u64 {
        let pages = fs::read_to_string(format!("/proc/{}/statm", self.pid)).unwrap_or_default();
        let mut pages = pages.split(' ').skip(1).filter_map(|field| field.parse::<u64>().ok());
        let (resident, shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
        resident.saturating_sub(shared) * rustix::param::page_size() as u64
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
    found.retain(|process| !matches!(process.state, 'Z' | 'X'));
    Ok(found)
}

/// After the program's name in parentheses, `stat` has state and parent; the start is its 22nd field.
fn read(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let state = fields.first()?.chars().next()?;
    Some(Process { pid, parent: fields.get(1)?.parse().ok()?, state, started: fields.get(19)?.parse().ok()? })
}

/// How many threads the user of this process has on the host: the kernel's count for `RLIMIT_NPROC`.
pub(super) fn threads_of_this_user() -> u64 {
    let user = nix::unistd::geteuid().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let threads = processes.filter_map(|process| {
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
        (field("Uid:")? == user).then(|| field("Threads:")?.parse::<u64>().ok())?
    });
    threads.sum()
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
        assert!(found.own_memory() > 0 && !found.is_stopped());

        found.signal(Signal::KILL);
        shell.wait().unwrap();
        assert!(below().iter().all(|process| process.pid != sleeper));
        found.signal(Signal::KILL); // nobody
    }
}
