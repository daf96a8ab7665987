//! The first process of a program's PID namespace. With its end the kernel ends all others there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::sys::prctl::{set_dumpable, set_name, set_pdeathsig};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;

use super::super::order::End;
use super::fork::{Child, fork, leave};
use super::inside::Place;
use super::{file_system, namespaces};

/// What it holds of the keeper's.
pub(super) struct Ties {
    /// Says one byte, when the keeper is certain to be noticed missing.
    pub(super) go: OwnedFd,
    /// Where the program's end is told.
    pub(super) ended: OwnedFd,
    /// Where it is told why there is no program.
    pub(super) refusal: OwnedFd,
}

/// Lives until the program has ended.
pub(super) fn live(place: &Place<'_>, ties: Ties) -> ! {
    let Ties { go, ended, refusal } = ties;
    let forked = settle(place, go).and_then(|()| fork().map_err(|error| format!("fork: {error}")));
    let program = match forked {
        Ok(Child::There(program)) => program,
        Ok(Child::Here) => leave(refusal, place.enter()),
        Err(why) => leave(refusal, Err(why)),
    };
    // The program alone holds it from here on, and lets go of it when it is executed.
    drop(refusal);
    let end = outlive(program);
    let told = serde_json::to_vec(&end).unwrap_or_default();
    let _ = File::from(ended).write_all(&told);
    std::process::exit(0);
}

fn settle(place: &Place<'_>, go: OwnedFd) -> Result<(), String> {
    // It dies with the keeper, which has one thread. One that died before this line does not say the byte.
    set_pdeathsig(Signal::SIGKILL).map_err(|error| format!("PR_SET_PDEATHSIG: {error}"))?;
    File::from(go).read_exact(&mut [0]).map_err(|_| "the keeper is gone".to_owned())?;
    let _ = set_name(c"connix-first");
    if let Some(confinement) = &place.order.confinement {
        namespaces::leave_the_host()?;
        file_system::enter(place.scratch, &place.order.workspace, &confinement.readable)?;
    }
    let _ = set_dumpable(false);
    Ok(())
}

/// Buries every process of the namespace until the program itself has ended.
fn outlive(program: Pid) -> End {
    loop {
        match wait() {
            Ok(status) => {
                if let Some(end) = end_of(status).filter(|_| status.pid() == Some(program)) {
                    return end;
                }
            }
            Err(Errno::EINTR) => {}
            Err(_) => return End::default(), // nobody is left to wait for
        }
    }
}

/// How a process ended, if it has.
pub(super) fn end_of(status: WaitStatus) -> Option<End> {
    match status {
        WaitStatus::Exited(_, code) => Some(End { code: Some(code), ..End::default() }),
        WaitStatus::Signaled(_, signal, _) => Some(End { signal: Some(signal as i32), ..End::default() }),
        _ => None,
    }
}
