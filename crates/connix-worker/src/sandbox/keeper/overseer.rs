//! Watching a program until nothing of it is left.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signalfd::SignalFd;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};
use rustix::process::Signal;

use super::super::order::{Command, End, Hold, Order};
use super::control::Control;
use super::first_process::end_of;
use super::launch::Running;
use super::storage::Storage;
use super::tree::{Process, descendants};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked at what is free on disk, and how long a kill may go unnoticed.
const TICK: Duration = Duration::from_millis(100);
/// How often memory is looked at.
const LOOK_AT_MEMORY: Duration = Duration::from_millis(500);
/// Between two sweeps over processes that are ending.
const SWEEP: Duration = Duration::from_millis(5);

/// What it watches over.
pub(super) struct Overseer {
    hold: Hold,
    memory: u64,
    children: SignalFd,
}

/// How far the end has come.
#[derive(Default)]
struct Course {
    end: Option<End>,
    kill_at: Option<Instant>,
    out_of_memory: bool,
    disk_full: bool,
    frozen: bool,
}

impl Overseer {
    pub(super) fn new(order: &Order, children: SignalFd) -> Self {
        Self { hold: order.hold, memory: order.limits.memory_mib << 20, children }
    }

    /// Does what the worker says until the program has ended, by itself or not; nothing of it is left then.
    pub(super) fn see_to_the_end(&self, control: &mut Control, running: Running, mut storage: Option<Storage>) -> End {
        let disk_full = storage.as_ref().is_some_and(Storage::is_full);
        let mut course = Course { disk_full, ..Course::default() };
        if control.do_not_wait().is_err() {
            course.kill_at = Some(Instant::now());
        }
        let mut look_at_memory = Instant::now() + LOOK_AT_MEMORY;
        loop {
            course.end = course.end.or_else(|| self.bury(running.child));
            if course.end.is_some() {
                break;
            }
            let now = Instant::now();
            if course.kill_at.is_some_and(|at| at <= now) {
                self.kill(running.child);
            } else if look_at_memory <= now && self.takes_too_much_memory() {
                course.out_of_memory = true;
                course.kill_at = Some(now);
                continue;
            } else if storage.as_mut().is_some_and(|storage| storage.overflows(&|| self.processes())) {
                course.disk_full = true;
                course.kill_at = Some(now);
                continue;
            }
            if look_at_memory <= now {
                look_at_memory = now + LOOK_AT_MEMORY;
            }
            self.wait(control, &mut course);
        }
        self.clear();
        let told = running.ended.and_then(told_by_the_first);
        let end = told.or(course.end).unwrap_or_default();
        End { out_of_memory: course.out_of_memory, disk_full: course.disk_full, ..end }
    }

    /// Until a command comes, a process ends, or time goes on.
    fn wait(&self, control: &mut Control, course: &mut Course) {
        let patience = match course.kill_at {
            Some(at) => at.saturating_duration_since(Instant::now()).clamp(SWEEP, TICK),
            None => TICK,
        };
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
        let worker_is_there = course.kill_at.is_none_or(|at| at > Instant::now());
        let mut watched =
            [PollFd::new(self.children.as_fd(), PollFlags::POLLIN), PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        // A socket that has ended would end every wait at once.
        let watched = if worker_is_there { &mut watched[..] } else { &mut watched[..1] };
        let _ = poll(watched, patience);
        while let Ok(Some(_)) = self.children.read_signal() {}
        if worker_is_there {
            self.listen(control, course);
        }
    }

    fn listen(&self, control: &mut Control, course: &mut Course) {
        loop {
            match control.next::<Command>() {
                Ok(Some(command)) => self.obey(command, course),
                Ok(None) => {
                    course.kill_at = Some(Instant::now());
                    return;
                }
                Err(_) => return, // nothing more for now
            }
        }
    }

    fn obey(&self, command: Command, course: &mut Course) {
        match command {
            Command::Freeze => {
                course.frozen = true;
                self.freeze();
            }
            Command::Thaw => {
                course.frozen = false;
                self.signal(Signal::CONT);
            }
            Command::End if course.kill_at.is_none() => {
                course.kill_at = Some(Instant::now() + GRACE);
                self.signal(Signal::TERM);
                if course.frozen {
                    self.signal(Signal::CONT);
                }
            }
            Command::End => {}
        }
    }

    /// Stops what runs, and what that has started meanwhile.
    fn freeze(&self) {
        for _ in 0..100 {
            let running: Vec<Process> = self.processes().into_iter().filter(|process| !process.is_stopped()).collect();
            if running.is_empty() {
                return;
            }
            running.iter().for_each(|process| process.signal(Signal::STOP));
            rest();
        }
    }

    fn signal(&self, signal: Signal) {
        self.processes().iter().for_each(|process| process.signal(signal));
    }

    /// What seems to be too much may be shared: then it is looked at more closely.
    fn takes_too_much_memory(&self) -> bool {
        let processes = self.processes();
        let exceeds = |size: fn(&Process) -> u64| processes.iter().map(size).sum::<u64>() > self.memory;
        exceeds(Process::memory) && exceeds(Process::part_of_memory)
    }

    /// The program's processes: those below the keeper, but for the first one of a namespace, which is our own.
    fn processes(&self) -> Vec<Process> {
        let mut found = descendants(getpid()).unwrap_or_default();
        if self.hold == Hold::Namespace && !found.is_empty() {
            found.remove(0);
        }
        found
    }

    /// Ends the program. In a namespace its first process takes everything along.
    fn kill(&self, child: Pid) {
        match self.hold {
            // Not buried yet, so the number is still its own.
            Hold::Namespace => _ = nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL),
            Hold::Sweep => self.signal(Signal::KILL),
        }
    }

    /// Kills until nothing is left below the keeper. That a look finds nobody proves nothing: a chain of forks is faster. That
    /// there is nobody to wait for does, since orphans become the keeper's children. The dead are buried only when a look
    /// found nobody alive: until then they count against the limit of processes, at which such a chain ends.
    pub(super) fn clear(&self) {
        loop {
            match descendants(getpid()) {
                Ok(left) if left.is_empty() && all_buried() => return,
                Ok(left) => left.iter().for_each(|process| process.signal(Signal::KILL)),
                Err(_) => {} // nothing is known
            }
            rest();
        }
    }

    /// Buries what has ended, orphans too; tells how the child did.
    fn bury(&self, child: Pid) -> Option<End> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => return None,
                Ok(status) if status.pid() == Some(child) => {
                    if let Some(end) = end_of(status) {
                        return Some(end);
                    }
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return Some(End::default()),
            }
        }
    }
}

/// What the first process has written before its end; nothing when it was killed.
fn told_by_the_first(ended: OwnedFd) -> Option<End> {
    let mut told = Vec::new();
    File::from(ended).read_to_end(&mut told).ok()?;
    serde_json::from_slice(&told).ok()
}

#[expect(clippy::disallowed_methods, reason = "the keeper is a process of its own, without a runtime")]
fn rest() {
    std::thread::sleep(SWEEP);
}

/// Buries the dead; whether there is nobody left to wait for.
fn all_buried() -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return true,
            Ok(WaitStatus::StillAlive) => return false,
            // another one is buried, or a signal came between
            Ok(_) | Err(_) => {}
        }
    }
}
