//! Which children this process has started itself. All others that it has came to it as orphans.
//!
//! A process has one list of children, so there is one registry for all runtimes in it. The registry is locked while a child is
//! started: whoever saw the child in `/proc` before it is registered, and asks then, waits until it is.

use std::collections::HashSet;
use std::io;
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

static OWN: Mutex<Option<HashSet<i32>>> = Mutex::new(None);

/// Starts a child that is never taken for an orphan.
pub(super) fn start(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    let mut own = own();
    let child = spawn()?;
    own.get_or_insert_default().insert(child.id().cast_signed());
    Ok(child)
}

/// Takes these for children that were started here, before any was: whoever executed this program has left them to it.
pub(super) fn leave_alone(children: impl IntoIterator<Item = i32>) {
    own().get_or_insert_with(|| children.into_iter().collect());
}

/// Waits for the end of a child that was [`start`]ed. Only then may its number be another's.
pub(super) fn bury(child: &mut Child) -> Option<ExitStatus> {
    let mut own = own();
    let status = child.wait().ok();
    own.get_or_insert_default().remove(&child.id().cast_signed());
    status
}

/// Those that were not started here.
pub(super) fn orphans(children: impl IntoIterator<Item = i32>) -> HashSet<i32> {
    let own = own();
    children.into_iter().filter(|child| !own.as_ref().is_some_and(|own| own.contains(child))).collect()
}

/// Buries orphans that have ended.
pub(super) fn bury_orphans(ended: impl IntoIterator<Item = i32>) {
    let own = own();
    for child in ended.into_iter().filter(|child| !own.as_ref().is_some_and(|own| own.contains(child))) {
        // One that somebody else in this process has started is buried already, or was dropped.
        let _ = waitpid(Pid::from_raw(child), Some(WaitPidFlag::WNOHANG));
    }
}

fn own() -> MutexGuard<'static, Option<HashSet<i32>>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}
