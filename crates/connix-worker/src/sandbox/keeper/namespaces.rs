//! Namespaces: where the kernel gives them, a program has processes, files and a network that are its own.

use std::fs;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

/// The next child will be the first process of a PID namespace. Whoever is not root gets the right to it from a user
/// namespace, in which it stays who it is.
///
/// # Errors
/// In words.
pub(super) fn found_for_the_next_child() -> Result<(), String> {
    if geteuid().is_root() {
        return unshare(CloneFlags::CLONE_NEWPID).map_err(|error| refused("a PID namespace", error));
    }
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|error| refused("a user namespace", error))?;
    let maps = [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ];
    for (name, map) in maps {
        fs::write(format!("/proc/self/{name}"), map)
            .map_err(|error| format!("a user namespace cannot be set up ({name}): {error}"))?;
    }
    unshare(CloneFlags::CLONE_NEWPID).map_err(|error| refused("a PID namespace", error))
}

/// Whether the kernel counts the processes of a user namespace apart from those that the same user has outside: since
/// Linux 5.14. One whose version cannot be read is taken for an older one.
pub(super) fn count_their_own_processes() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    version(&release).is_some_and(|version| version >= (5, 14))
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Leaves the host's mounts, shared memory and network.
///
/// # Errors
/// In words.
pub(super) fn leave_the_host() -> Result<(), String> {
    let left = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNET;
    unshare(left).map_err(|error| refused("a namespace of mounts, shared memory and network", error))
}

fn refused(what: &str, error: Errno) -> String {
    format!("the kernel does not give {what}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_s_version_is_read_however_it_goes_on() {
        assert_eq!(version("5.10.0-30-amd64\n"), Some((5, 10)));
        assert_eq!(version("6.18.44-fc"), Some((6, 18)));
        assert_eq!(version("7.0+"), Some((7, 0)));
        assert_eq!(version(""), None);
    }
}
