//! Starting the processes of a program, and hearing from inside whether it is confined.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::{Pid, Uid, geteuid, getpid, pipe2};

use super::super::order::{Confinement, Hold, Order};
use super::first_process::{self, Ties};
use super::fork::{Child, fork, leave};
use super::inside::Place;
use super::namespaces;
use super::scratch::Scratch;
use super::tree::threads_of;

/// What runs.
pub(super) struct Running {
    /// The keeper's child: the program itself, or the first process of its namespace.
    pub(super) child: Pid,
    /// Where the first process of a namespace tells how the program ended.
    pub(super) ended: Option<OwnedFd>,
}

/// Starts what the order says, and waits until it is confined and runs. An examination has ended by then.
///
/// # Errors
/// In words: it does not run.
pub(super) fn launch(order: &Order, scratch: &Scratch) -> Result<Running, String> {
    let in_words = |error| format!("a process cannot be started: {error}");
    let (setup, refusal) = pipe2(OFlag::O_CLOEXEC).map_err(in_words)?;
    let running = match order.hold {
        Hold::Sweep => launch_below(order, scratch, refusal),
        Hold::Namespace => launch_in_namespace(order, scratch, refusal),
    }?;
    let mut why = String::new();
    // Ends without a word when the program is executed, which closes it, or when it was killed on the way.
    File::from(setup).read_to_string(&mut why).map_err(|error| error.to_string())?;
    if why.is_empty() { Ok(running) } else { Err(why) }
}

fn launch_below(order: &Order, scratch: &Scratch, refusal: OwnedFd) -> Result<Running, String> {
    let keeper = getpid();
    match fork().map_err(|error| format!("a process cannot be started: {error}"))? {
        Child::There(child) => Ok(Running { child, ended: None }),
        Child::Here => {
            volunteer_to_end_first();
            let place = Place { order, scratch, processes_besides: processes_besides(order), keeper: Some(keeper) };
            leave(refusal, place.enter())
        }
    }
}

fn launch_in_namespace(order: &Order, scratch: &Scratch, refusal: OwnedFd) -> Result<Running, String> {
    let in_words = |error| format!("a process cannot be started: {error}");
    let (go, say_go) = pipe2(OFlag::O_CLOEXEC).map_err(in_words)?;
    let (ended, tell_end) = pipe2(OFlag::O_CLOEXEC).map_err(in_words)?;
    namespaces::found_for_the_next_child()?;
    match fork().map_err(in_words)? {
        Child::There(child) => {
            // One that is gone already has said why.
            let _ = File::from(say_go).write_all(b"!");
            Ok(Running { child, ended: Some(ended) })
        }
        Child::Here => {
            drop(say_go);
            volunteer_to_end_first();
            let place = Place { order, scratch, processes_besides: processes_besides(order), keeper: None };
            first_process::live(&place, Ties { go, ended: tell_end, refusal })
        }
    }
}

/// A program that runs as somebody's user counts with that user's other processes: with all of them, or in a user namespace
/// with the keeper and the first process there.
fn processes_besides(order: &Order) -> u64 {
    let own = geteuid();
    match (&order.confinement, order.hold) {
        (Some(confinement), _) if confinement.has_a_user_of_its_own() => 0,
        (_, Hold::Namespace) if !own.is_root() && namespaces::count_their_own_processes() => 2,
        (Some(Confinement { user: Some(user), .. }), _) => threads_of(Uid::from_raw(*user)),
        _ => threads_of(own),
    }
}

/// In the child, while it may: raising one's own chance to be ended for lack of memory needs no right, but a way to say it.
fn volunteer_to_end_first() {
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
}
