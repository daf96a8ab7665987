//! All processes at one moment, and what a tree of them has consumed.

use std::collections::{HashMap, HashSet};

use procfs::ProcResult;
use procfs::process::{Process, Stat, all_processes};

/// What a tree of processes has consumed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Consumption {
    /// Processor time in seconds, of the living and of their reaped children.
    pub processor_seconds: f64,
    /// Memory in bytes that is resident now.
    pub memory: u64,
    /// How many processes live.
    pub processes: usize,
}

/// The processes of this host, read in one pass: asking for many trees costs one look at `/proc`.
#[derive(Debug)]
pub struct ProcessTable {
    processes: HashMap<i32, Stat>,
    children: HashMap<i32, Vec<i32>>,
}

impl ProcessTable {
    /// Looks at all processes. Those that end meanwhile are left out.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn read() -> ProcResult<Self> {
        let stats = all_processes()?.filter_map(|process| process.ok()?.stat().ok());
        Ok(Self::of(stats))
    }

    fn of(stats: impl Iterator<Item = Stat>) -> Self {
        let processes: HashMap<_, _> = stats.map(|stat| (stat.pid, stat)).collect();
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for stat in processes.values() {
            children.entry(stat.ppid).or_default().push(stat.pid);
        }
        Self { processes, children }
    }

    /// What `root`, its descendants and its process group have consumed. `None` when there is no such process.
    #[must_use]
    pub fn consumption(&self, root: i32) -> Option<Consumption> {
        let members = self.members(root)?;
        let ticks: u64 = members.iter().map(|stat| ticks(stat)).sum();
        Some(Consumption {
            processor_seconds: ticks as f64 / procfs::ticks_per_second() as f64,
            memory: members.iter().map(|stat| memory(stat)).sum(),
            processes: members.len(),
        })
    }

    /// The tree: who descends from `root`, and who is in its process group though its parent has gone, with theirs.
    fn members(&self, root: i32) -> Option<Vec<&Stat>> {
        self.processes.get(&root)?;
        let mut waiting: Vec<i32> =
            self.processes.values().filter(|stat| stat.pgrp == root).map(|stat| stat.pid).collect();
        waiting.push(root);
        let mut seen = HashSet::new();
        while let Some(pid) = waiting.pop() {
            if seen.insert(pid) {
                waiting.extend(self.children.get(&pid).into_iter().flatten());
            }
        }
        Some(seen.iter().filter_map(|pid| self.processes.get(pid)).collect())
    }
}

/// The time a process has used and that of the children it has waited for.
fn ticks(stat: &Stat) -> u64 {
    let reaped = stat.cutime.max(0).unsigned_abs() + stat.cstime.max(0).unsigned_abs();
    stat.utime + stat.stime + reaped
}

/// The proportional set size; the resident one where the kernel does not show the former to us. A process that has ended
/// meanwhile has none.
fn memory(stat: &Stat) -> u64 {
    proportional(stat.pid).unwrap_or_else(|| stat.rss * procfs::page_size())
}

fn proportional(pid: i32) -> Option<u64> {
    let rollup = Process::new(pid).ok()?.smaps_rollup().ok()?;
    rollup.memory_map_rollup.into_iter().map(|map| map.extension.map.get("Pss").copied()).sum()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A shell that runs `script` and then waits for its standard input to close.
    struct Shell(Child);

    impl Shell {
        fn after(script: &str) -> Self {
            let script = format!("{script}; echo done; read line");
            let mut child =
                Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut word = [0; 5];
            child.stdout.as_mut().unwrap().read_exact(&mut word).unwrap();
            Self(child)
        }
        fn consumption(&self) -> Consumption {
            ProcessTable::read().unwrap().consumption(self.0.id().cast_signed()).unwrap()
        }
    }

    impl Drop for Shell {
        fn drop(&mut self) {
            let _ = self.0.stdin.take().unwrap().write_all(b"\n");
            let _ = self.0.wait();
        }
    }

    #[test]
    fn the_time_of_children_that_were_waited_for_is_counted() {
        let idle = Shell::after("true").consumption();
        let busy = Shell::after("sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'").consumption();
        assert_eq!(busy.processes, 1);
        assert!(busy.processor_seconds > idle.processor_seconds + 0.05, "{busy:?} {idle:?}");
    }

    #[test]
    fn children_that_live_are_counted_with_their_memory() {
        let alone = Shell::after("true").consumption();
        let shell = Shell::after("sleep 60 & sleep 60 & P=$!; trap 'kill %1 %2 2>/dev/null' EXIT");
        let together = shell.consumption();
        assert_eq!((alone.processes, together.processes), (1, 3));
        assert!(together.memory > alone.memory, "{together:?} {alone:?}");
    }

    #[test]
    fn what_is_shared_is_counted_once() {
        let shells = Shell::after("sh -c 'sleep 60' & trap 'kill %1 2>/dev/null' EXIT");
        let table = ProcessTable::read().unwrap();
        let members = table.members(shells.0.id().cast_signed()).unwrap();
        let resident: u64 = members.iter().map(|stat| stat.rss * procfs::page_size()).sum();
        assert!(shells.consumption().memory < resident);
    }

    #[test]
    fn a_process_that_is_not_there_consumes_nothing() {
        assert_eq!(ProcessTable::read().unwrap().consumption(i32::MAX), None);
    }
}
