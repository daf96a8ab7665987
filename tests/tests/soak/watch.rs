//! Looks all the time at which processes hold an agent's lock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A thread that looks until it is told to end.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Watch {
    /// Looks at the agents whose locks lie in this data folder.
    pub(crate) fn start(data: PathBuf) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let (mut looks, mut doubles) = (0, Vec::new());
            while !told.load(Ordering::Relaxed) {
                let holders = holders();
                let of_agents = holders.iter().filter(|(path, _)| path.starts_with(&data));
                let two = of_agents.filter(|(_, pids)| pids.len() > 1);
                doubles.extend(two.map(|(path, pids)| format!("{}: {pids:?}", path.display())));
                looks += 1;
                thread::sleep(std::time::Duration::from_millis(20));
            }
            (looks, doubles)
        });
        Self { over, thread }
    }

    /// How often it looked, and each time that one lock had two holders.
    pub(crate) fn end(self) -> (usize, Vec<String>) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Which processes hold which locked file, as the kernel lists them: it is what keeps a second worker waiting.
fn holders() -> BTreeMap<PathBuf, Vec<u32>> {
    let mut held = BTreeMap::<PathBuf, Vec<u32>>::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if is_working(pid)
            && let Some(lock) = lock_of(&entry.path())
        {
            held.entry(lock).or_default().push(pid);
        }
    }
    held
}

/// The agent's lock among the open files of a process.
fn lock_of(process: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(process.join("fd")).ok()?;
    let mut files = files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
    files.find(|path| path.extension().is_some_and(|extension| extension == "lock") && is_of_an_agent(path))
}

fn is_of_an_agent(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("agent_"))
}

/// Whether it is not just about to end: a killed process keeps its files until the kernel has taken it down.
fn is_working(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = |key: &str| status.lines().find_map(|line| line.strip_prefix(key).map(|rest| rest.trim().to_owned()));
    let kill_pending =
        line("ShdPnd:").and_then(|mask| u64::from_str_radix(&mask, 16).ok()).unwrap_or(0) & (1 << 8) != 0;
    line("State:").is_some_and(|state| !state.starts_with(['Z', 'X'])) && !kill_pending
}
