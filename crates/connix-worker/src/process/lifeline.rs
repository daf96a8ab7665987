//! The lifeline: standard input, whose end means that the server is gone.
//!
//! A parent-death signal would not do: it is tied to the *thread* that spawned the child (HyperQueue #823), and a server
//! of many threads ends some of them while it lives. The end of a pipe cannot lie: the kernel closes the server's side
//! when the process ends, also by `kill -9`.

use std::io::{self, BufReader, Read, Stdin};
use std::thread;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{getpgrp, getpid};

/// The server's pipe: the handshake line first, then nothing until it ends.
pub(super) struct Lifeline(BufReader<Stdin>);

impl Lifeline {
    pub(super) fn on_standard_input() -> Self {
        Self(BufReader::new(io::stdin()))
    }

    /// To read the handshake from.
    pub(super) fn input(&mut self) -> &mut BufReader<Stdin> {
        &mut self.0
    }

    /// From now on the process ends with the server.
    pub(super) fn watch(mut self) -> io::Result<()> {
        let until_it_ends = move || {
            let mut ignored = [0; 256];
            while self.0.read(&mut ignored).is_ok_and(|bytes| bytes > 0) {}
            end_at_once();
        };
        thread::Builder::new().name("lifeline".into()).spawn(until_it_ends).map(drop)
    }
}

/// Ends the worker and all it has started. Nobody is left to tell.
fn end_at_once() {
    // Only its own group: a worker started by hand shares the shell's.
    if getpgrp() == getpid() {
        let _ = killpg(getpgrp(), Signal::SIGKILL);
    }
    std::process::exit(0);
}
