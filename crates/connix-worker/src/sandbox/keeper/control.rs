//! The keeper's end of the socket to its worker.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest line that is read: an order with its program.
const MOST_BYTES: usize = 1 << 20;

/// Lines of JSON in both directions.
pub(super) struct Control {
    socket: UnixStream,
    unread: Vec<u8>,
}

impl Control {
    /// Takes the socket, which is standard input, and leaves nothing there for the program to read.
    pub(super) fn instead_of_standard_input() -> io::Result<Self> {
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        nix::unistd::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self { socket, unread: Vec::new() })
    }

    /// The next line; waits for it if the socket is blocking. `None` when the worker is gone, or talks nonsense.
    ///
    /// # Errors
    /// `WouldBlock` when the socket does not block and no line has come.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(serde_json::from_slice(&line).ok());
            }
            let mut chunk = [0; 4096];
            match self.socket.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(read) if self.unread.len() + read <= MOST_BYTES => self.unread.extend_from_slice(&chunk[..read]),
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// From now on [`Control::next`] does not wait.
    pub(super) fn do_not_wait(&self) -> io::Result<()> {
        self.socket.set_nonblocking(true)
    }

    /// Tells the worker. One that is gone needs no telling.
    pub(super) fn tell(&mut self, report: &impl Serialize) {
        if let Ok(json) = serde_json::to_string(report) {
            let _ = self.socket.write_all(format!("{json}\n").as_bytes());
        }
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
