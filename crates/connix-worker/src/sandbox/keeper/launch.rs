//! Starting the processes of a program, and hearing from inside whether it is confined.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::{Pid, geteuid, getpid, pipe2};

use super::super::order::{Confinement, Hold, Order};
use super::first_process::{self, Ties};
use super::fork::{Child, fork, leave};
use super::inside::Place;
use super::namespaces;
use super::scratch::Scratch;
use super::tree::threads_of_this_user;

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
            let place = Place { order, scratch, processes_besides: processes_besides(order), keeper: None };
            first_process::live(&place, Ties { go, ended: tell_end, refusal })
        }
    }
}

/// A program that runs as the worker's own user counts with that user's other processes: with all of them, or in a user
/// namespace with the keeper and the first process there.
fn processes_besides(order: &Order) -> u64 {
    match (&order.confinement, order.hold) {
        (Some(Confinement { user: Some(_), .. }), _) => 0,
        (_, Hold::Namespace) if !geteuid().is_root() => 2,
        _ => threads_of_this_user(),
    }
}
