//! Forking, in a process of one thread.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use nix::unistd::{ForkResult, Pid};

/// Which of the two this is.
pub(super) enum Child {
    /// The new one.
    Here,
    /// The old one.
    There(Pid),
}

/// Makes a second process. The keeper and what it forks have one thread each, so that the new process may do whatever
/// the old one might.
pub(super) fn fork() -> nix::Result<Child> {
    // SAFETY: with one thread no lock is held by another that would not exist in the new process.
    #[expect(unsafe_code, reason = "a program is confined between fork and exec")]
    let forked = unsafe { nix::unistd::fork() }?;
    Ok(match forked {
        ForkResult::Child => Child::Here,
        ForkResult::Parent { child } => Child::There(child),
    })
}

/// The end of a forked process that has not become a program: the keeper reads why.
pub(super) fn leave(refusal: OwnedFd, done: Result<(), String>) -> ! {
    if let Err(why) = &done {
        // The keeper reads it, or is gone.
        let _ = File::from(refusal).write_all(why.as_bytes());
    }
    std::process::exit(i32::from(done.is_err()));
}
