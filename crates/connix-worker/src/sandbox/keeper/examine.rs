//! Tries, from inside, what a program must not be able to do. A sandbox is believed when it has been tried.

use std::fs::{self, File};
use std::path::Path;

use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use rustix::net::{AddressFamily, SocketType, socket};

/// Looks at everything once. `outside` is a process outside that no PID namespace hides.
///
/// # Errors
/// In words: what could be done although it must not, or could not although it must.
pub(super) fn examine(workspace: &Path, temporary: &Path, outside: Option<Pid>) -> Result<(), String> {
    for file in ["/proc/self/environ", "/proc/1/environ", "/etc/passwd"] {
        denied(&format!("read {file}"), File::open(file).is_err())?;
    }
    denied("list the processes", fs::read_dir("/proc").is_err())?;
    denied("open a TCP socket", socket(AddressFamily::INET, SocketType::STREAM, None).is_err())?;
    denied("open a UDP socket", socket(AddressFamily::INET6, SocketType::DGRAM, None).is_err())?;
    if let Some(outside) = outside {
        denied("signal a process outside", kill(outside, None).is_err())?;
    }
    denied("be traced", ptrace::traceme().is_err())?;
    denied("leave its user namespace", unshare(CloneFlags::CLONE_NEWUSER).is_err())?;
    for folder in [workspace, temporary] {
        let file = folder.join(format!(".connix-{:016x}", rand::random::<u64>()));
        let written = fs::write(&file, "x").and_then(|()| fs::remove_file(&file));
        written.map_err(|error| format!("a program cannot write to {}: {error}", folder.display()))?;
    }
    Ok(())
}

fn denied(what: &str, is_denied: bool) -> Result<(), String> {
    if is_denied { Ok(()) } else { Err(format!("a confined program can {what}")) }
}
