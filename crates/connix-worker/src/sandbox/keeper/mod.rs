//! The keeper of a program: `connix sandbox-exec`, a process between a worker and one program of a tool.
//!
//! ```text
//! connix worker ── socket: order, commands, then the lifeline ──▶ keeper     (a session of its own)
//!               ◀── socket: started, ended ──                        └─ first process of a PID namespace   (or none)
//!               ◀── stdout, stderr of the program ──                         └─ the program, confined
//! ```
//!
//! It has one thread, since what it does between `fork` and `exec` must be sound, and since a parent's death is told by
//! thread. It confines the program and ends it, with all that the program has started, when it is told to, when the
//! worker is gone, or when the program itself has ended: its own end means that nothing is left.
//!
//! *By which mechanism.* In a PID namespace the kernel ends every process with the first one, which dies with the keeper
//! (`PR_SET_PDEATHSIG`). Without one the keeper is the subreaper of all that the program starts, also of what forks
//! twice or starts a session, and kills until none is left. It leads a session of its own, so that a signal to the
//! worker's process group does not reach it before it has done so.

mod bounds;
mod control;
mod examine;
mod file_system;
mod first_process;
mod fork;
mod inside;
mod landlock;
mod launch;
mod namespaces;
mod overseer;
mod ownership;
mod removal;
mod scratch;
mod seccomp;
mod storage;
mod surroundings;
mod tree;

use std::fs::File;
use std::process::ExitCode;

use connix_worker_protocol::exit_code;
use nix::sys::prctl::{set_child_subreaper, set_dumpable, set_name};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{dup2_stderr, dup2_stdout, setsid};

use super::order::{End, Job, Order, Report};
use crate::process::close_inherited;
use control::Control;
use overseer::Overseer;
use scratch::Scratch;
use storage::Storage;

/// Keeps one program: the order comes on standard input. To be called in a process of one thread.
#[must_use]
pub fn keep() -> ExitCode {
    settle_in();
    let Ok(mut control) = Control::instead_of_standard_input() else { return exit_code::USAGE.into() };
    let Ok(Some(order)) = control.next::<Order>() else { return exit_code::USAGE.into() };
    let is_examination = matches!(order.job, Job::Examine);
    let mut scratch = None;
    match kept(&mut control, order, &mut scratch) {
        Ok(end) => control.tell(&Report::Ended(end)),
        Err(why) => control.tell(&Report::Refused(why)),
    }
    // What programs have left there may be much: nobody waits for it.
    drop(scratch);
    if is_examination {
        scratch::remove_what_was_left();
    }
    ExitCode::SUCCESS
}

/// From the order to the end of the last process. The temporary folders are the caller's to remove.
fn kept(control: &mut Control, mut order: Order, scratch: &mut Option<Scratch>) -> Result<End, String> {
    let in_words = |error: &dyn std::fmt::Display| format!("the sandbox cannot be prepared: {error}");
    let user = order.confinement.as_ref().and_then(|confinement| confinement.user);
    if user == Some(0) {
        let folder = order.workspace.display();
        return Err(format!(
            "programs do not run as root: give the folder {folder} to another user, or run the worker as one"
        ));
    }
    let scratch = &*scratch.insert(Scratch::create(user).map_err(|error| in_words(&error))?);
    if let Some(user) = user.filter(|_| order.confinement.as_ref().is_some_and(|confinement| confinement.is_given)) {
        ownership::hand_over(&order.workspace, user).map_err(|error| in_words(&error))?;
    }
    let storage = match order.job {
        Job::Examine => None, // which writes a file whatever lies there
        Job::Program(_) | Job::Serve(_) | Job::Own(_) => Some(Storage::of(&order.workspace, scratch, &order.limits)?),
    };
    if storage.as_ref().is_some_and(Storage::is_full) {
        // It may read and remove, so that there is room again.
        order.limits.file_size_mib = 0;
    }
    let children = watch_children().map_err(|error| in_words(&error))?;
    let running = launch::launch(&order, scratch);
    let overseer = Overseer::new(&order, children);
    match running {
        Ok(running) => {
            control.tell(&Report::Started);
            let _ = stand_aside();
            let _ = set_dumpable(false);
            Ok(overseer.see_to_the_end(control, running, storage))
        }
        Err(why) => {
            overseer.clear();
            Err(why)
        }
    }
}

fn settle_in() {
    close_inherited();
    // Whatever it makes, it says with which rights. The program has a mask of its own.
    umask(Mode::empty());
    let _ = set_name(c"connix-keeper");
    // A leader of a session already, as when started by hand, it is apart from the worker's group as well.
    let _ = setsid();
}

/// Orphans become this process's children; it is told of each end by a descriptor. No other signal interrupts it: it
/// ends when its work is done.
fn watch_children() -> nix::Result<SignalFd> {
    set_child_subreaper(true)?;
    SigSet::all().thread_block()?;
    SignalFd::with_flags(&SigSet::from(Signal::SIGCHLD), SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Lets go of the program's outputs, which end with the program.
fn stand_aside() -> std::io::Result<()> {
    let nothing = File::options().write(true).open("/dev/null")?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(())
}
