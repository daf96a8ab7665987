//! A worker's process group: the worker and everything it has started.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

/// Named by its leader. Signals are safe as long as the leader has not been reaped: until then the kernel gives its
/// number to nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessGroup(Pid);

impl ProcessGroup {
    pub(super) fn led_by(pid: u32) -> Self {
        Self(Pid::from_raw(pid.cast_signed()))
    }

    /// Asks the leader alone to end; what becomes of the others is its decision.
    pub(super) fn terminate_leader(self) {
        self.ignore_gone("SIGTERM", kill(self.0, Signal::SIGTERM));
    }

    /// Ends all of them.
    pub(super) fn kill(self) {
        self.ignore_gone("SIGKILL", killpg(self.0, Signal::SIGKILL));
    }

    /// Whether the leader has ended; it stays unreaped.
    pub(super) fn leader_has_ended(self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        !matches!(waitid(Id::Pid(self.0), flags), Ok(WaitStatus::StillAlive) | Err(Errno::EINTR))
    }

    /// Whether a process of the group is alive. One that has ended and is not yet reaped by whoever inherited it is not.
    /// Sends nothing, so it may be asked after the leader has been reaped.
    pub(super) fn is_alive(self) -> bool {
        killpg(self.0, None) != Err(Errno::ESRCH) && living_members(self.0)
    }

    fn ignore_gone(self, signal: &str, sent: nix::Result<()>) {
        match sent {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => tracing::error!(pid = self.0.as_raw(), signal, %error, "a worker cannot be signalled"),
        }
    }
}

/// Looks through `/proc`: after the program's name in parentheses, `stat` has state, parent and process group.
fn living_members(group: Pid) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    let group = group.to_string();
    processes.flatten().any(|process| {
        let Ok(stat) = fs::read_to_string(process.path().join("stat")) else { return false };
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = fields.next();
        fields.nth(1) == Some(group.as_str()) && !matches!(state, Some("Z" | "X"))
    })
}
