//! Tries, from inside, what a program must not be able to do. A sandbox is believed when it has been tried.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};

/// What belongs to the keeper.
pub(super) struct Outside<'a> {
    /// Itself, where no PID namespace hides it.
    pub(super) process: Option<Pid>,
    /// A folder.
    pub(super) folder: &'a Path,
}

/// Looks at everything once. The program may write to `writable`.
///
/// # Errors
/// In words: what could be done although it must not, or could not although it must.
pub(super) fn examine(writable: [&Path; 2], outside: &Outside<'_>) -> Result<(), String> {
    for file in ["/proc/self/environ", "/proc/1/environ", "/etc/passwd"] {
        denied(&format!("read {file}"), File::open(file).is_err())?;
    }
    denied("list the processes", fs::read_dir("/proc").is_err())?;
    denied("open a TCP socket", socket(AddressFamily::INET, SocketType::STREAM, None).is_err())?;
    denied("open a UDP socket", socket(AddressFamily::INET6, SocketType::DGRAM, None).is_err())?;
    // The mode that it has.
    denied(
        "change the mode of a file outside",
        fs::set_permissions(outside.folder, Permissions::from_mode(0o711)).is_err(),
    )?;
    if let Some(process) = outside.process {
        denied("signal a process outside", kill(process, None).is_err())?;
        denied("change the limits of a process outside", limits_of(process).is_err())?;
    }
    denied("be traced", ptrace::traceme().is_err())?;
    denied("leave its user namespace", unshare(CloneFlags::CLONE_NEWUSER).is_err())?;
    for folder in writable {
        let file = folder.join(format!(".connix-{:016x}", rand::random::<u64>()));
        let written = fs::write(&file, "x").and_then(|()| fs::remove_file(&file));
        written.map_err(|error| format!("a program cannot write to {}: {error}", folder.display()))?;
    }
    Ok(())
}

/// Sets them to those that this process has.
fn limits_of(process: Pid) -> rustix::io::Result<Rlimit> {
    prlimit(rustix::process::Pid::from_raw(process.as_raw()), Resource::Core, getrlimit(Resource::Core))
}

fn denied(what: &str, is_denied: bool) -> Result<(), String> {
    if is_denied { Ok(()) } else { Err(format!("a confined program can {what}")) }
}
