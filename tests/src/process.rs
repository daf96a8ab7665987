//! Processes as the kernel shows them: a server's workers, and what a server left behind.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Agent, Server};

/// Ids of the living processes (zombies left out) that work in `folder`: their directory, an open file, an argument or a
/// variable of their environment lies in it. The harness's own processes do not count.
pub fn processes_in(folder: &Path) -> Vec<i32> {
    let own = i32::try_from(std::process::id()).unwrap();
    let folder = folder.to_str().unwrap();
    processes().filter(|pid| *pid != own && !is_lifeline(*pid) && is_alive(*pid) && works_in(*pid, folder)).collect()
}

/// Ids of the living worker processes of a running server: its children that were started as `connix worker`.
pub fn workers_of(server: &Server) -> Vec<i32> {
    let parent = server.pid().to_string();
    let children = processes().filter(|pid| is_alive(*pid) && after_name(*pid).get(1) == Some(&parent));
    children.filter(|pid| command_line_of(*pid).get(1).is_some_and(|word| word == "worker")).collect()
}

impl Server {
    /// Kills the local worker of an agent outright, if one is alive; it is known by the lock that it holds. Returns whether
    /// there was one.
    pub fn kill_worker(&self, agent: &Agent) -> bool {
        let lock = self.installation.data_folder().join("run").join(format!("{}.lock", agent.id));
        let holders = processes_in(&lock).into_iter().filter(|pid| workers_of(self).contains(pid));
        // It may have ended meanwhile.
        holders.filter(|worker| kill(Pid::from_raw(*worker), Signal::SIGKILL).is_ok()).count() > 0
    }
}

/// Sends a signal to a process that exists.
pub fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// The environment of a process, `NAME=value` each; empty when it is gone.
pub fn environment_of(pid: i32) -> Vec<String> {
    words(&fs::read(format!("/proc/{pid}/environ")).unwrap_or_default())
}

/// The command line of a process, a word each; empty when it is gone.
pub fn command_line_of(pid: i32) -> Vec<String> {
    words(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default())
}

/// Memory of a process that is in use right now, in bytes.
pub fn resident_bytes(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Whether the process exists and is not a zombie.
pub fn is_alive(pid: i32) -> bool {
    after_name(pid).first().is_some_and(|state| state != "Z" && state != "X")
}

fn processes() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
}

/// What `/proc/<pid>/stat` says behind the program's name: state, parent, …
fn after_name(pid: i32) -> Vec<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_whitespace().map(str::to_owned).collect()
}

fn is_lifeline(pid: i32) -> bool {
    command_line_of(pid).iter().any(|word| word == "lifeline")
}

fn works_in(pid: i32, folder: &str) -> bool {
    let directory = fs::read_link(format!("/proc/{pid}/cwd")).into_iter();
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let files = descriptors.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
    directory.chain(files).any(|path| path.starts_with(folder))
        || command_line_of(pid).iter().chain(&environment_of(pid)).any(|word| word.contains(folder))
}

fn words(bytes: &[u8]) -> Vec<String> {
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
