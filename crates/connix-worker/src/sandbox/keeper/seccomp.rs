//! System calls that a confined program may not make.
//!
//! A list of what is denied, not of what is allowed: interpreters and what they load use hundreds of calls, and new C
//! libraries new ones. What opens a way out is on it; files and signals are Landlock's.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter, sock_filter,
};

/// Calls, and the arguments to which a filter answers; to all, when there are none.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Denied whatever their arguments are.
const DENIED: &[c_long] = &[
    // looking into other processes, or steering them
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_perf_event_open,
    // other views of the file system
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // namespaces
    libc::SYS_unshare,
    libc::SYS_setns,
    // large and seldom needed parts of the kernel
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // memory that outlives the program
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    // the machine itself
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    // a socket of a name, which Landlock does not see: a database's, the bus's
    libc::SYS_connect,
];

/// Said not to be there, so that libraries do without.
const MISSING: &[c_long] = &[
    // its flags lie in memory, where a filter cannot look; the C library falls back to `clone`
    libc::SYS_clone3,
    // memory that no process's size shows
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
];

/// Denied for another process than the caller's own, by the first argument: its limits and its place on the processors.
const OF_OTHERS: &[c_long] = &[
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
];

/// Denied where the program's user is somebody's: they change by its name a file that Landlock would not let it open. By
/// descriptor they stay.
const BY_NAME: &[c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    // setxattrat, removexattrat and file_setattr, which the C library's headers do not have everywhere
    463,
    466,
    469,
];

/// The same for modes, with the argument that has the mode.
const MODES_BY_NAME: &[(c_long, u8)] = &[
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, 1),
    (libc::SYS_fchmodat, 2),
    (452, 2), // fchmodat2
];

/// Modes that a program notices not to have been set: one of these lets a file be executed.
const NOTICEABLE: u64 = 0o7111;

/// Times by name, with the argument that names the file; without a name the descriptor is meant.
const TIMES_BY_NAME: &[(c_long, u8)] = &[
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utime, 0),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utimes, 0),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_futimesat, 1),
    (libc::SYS_utimensat, 1),
];

/// What `ioprio_set` calls a process.
const IOPRIO_WHO_PROCESS: u64 = 1;

/// All namespaces that `clone` can make.
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// Kind of a socket, without the flags that come along.
const KIND_OF_SOCKET: u64 = 0xf;

/// Takes the calls away from this process and all it will start, for good; with `shares_its_user` those too that change files
/// by name.
///
/// # Errors
/// In words.
pub(super) fn deny(shares_its_user: bool) -> Result<(), String> {
    let in_words = |error: &dyn std::fmt::Display| format!("seccomp: {error}");
    for filter in filters(shares_its_user).map_err(|error| in_words(&error))? {
        apply_filter(&filter).map_err(|error| in_words(&error))?;
    }
    Ok(())
}

fn filters(shares_its_user: bool) -> Result<Vec<BpfProgram>, seccompiler::BackendError> {
    let mut denied = rules()?;
    let mut filters = vec![
        filter(MISSING.iter().map(|call| (*call, Vec::new())).collect(), libc::ENOSYS)?,
        without_foreign_numbers(),
    ];
    if shares_its_user {
        denied.extend(changes_by_name()?);
        filters.push(filter(ignored_by_name()?, 0)?);
    }
    filters.push(filter(denied, libc::EPERM)?);
    Ok(filters)
}

fn changes_by_name() -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = BY_NAME.iter().map(|call| (*call, Vec::new())).collect();
    for (call, mode) in MODES_BY_NAME {
        let noticeable = (0..16).map(|bit| 1 << bit).filter(|bit| NOTICEABLE & bit != 0);
        let one_of = noticeable.map(|bit| rule(*mode, Length::Dword, Is::MaskedEq(bit), bit));
        rules.insert(*call, one_of.collect::<Result<_, _>>()?);
    }
    Ok(rules)
}

/// Answered as if they were done. Python's `shutil.copy` and `copy2` end with one of them; that such a mode, or a time, is not
/// the asked one changes nothing for a program that has its user to itself.
fn ignored_by_name() -> Result<Rules, seccompiler::BackendError> {
    let modes = MODES_BY_NAME.iter().map(|(call, mode)| (*call, *mode, Is::MaskedEq(NOTICEABLE), Length::Dword));
    let times = TIMES_BY_NAME.iter().map(|(call, name)| (*call, *name, Is::Ne, Length::Qword));
    modes.chain(times).map(|(call, argument, is, length)| Ok((call, vec![rule(argument, length, is, 0)?]))).collect()
}

fn rule(argument: u8, length: Length, is: Is, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, length, is, value)?])
}

fn rules() -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = DENIED.iter().map(|call| (*call, Vec::new())).collect();
    // One without a connection sends to whatever name it likes; a local raw one is a local datagram one.
    let mut sockets = vec![rule(0, Length::Dword, Is::Ne, libc::AF_UNIX as u64)?];
    for unconnected in [libc::SOCK_DGRAM, libc::SOCK_RAW] {
        sockets.push(rule(1, Length::Dword, Is::MaskedEq(KIND_OF_SOCKET), unconnected as u64)?);
    }
    rules.insert(libc::SYS_socket, sockets.clone());
    rules.insert(libc::SYS_socketpair, sockets);
    let mut namespaces = Vec::new();
    for bit in (0..64).map(|bit| 1 << bit).filter(|bit| NEW_NAMESPACES & bit != 0) {
        namespaces.push(rule(0, Length::Qword, Is::MaskedEq(bit), bit)?);
    }
    rules.insert(libc::SYS_clone, namespaces);
    let other_than = |argument, own| rule(argument, Length::Dword, Is::Ne, own);
    for call in OF_OTHERS {
        rules.insert(*call, vec![other_than(0, 0)?]);
    }
    rules.insert(libc::SYS_setpriority, vec![other_than(0, libc::PRIO_PROCESS.into())?, other_than(1, 0)?]);
    rules.insert(libc::SYS_ioprio_set, vec![other_than(0, IOPRIO_WHO_PROCESS)?, other_than(1, 0)?]);
    // It would close the process's entries in /proc to a keeper of the same user, who measures there.
    rules.insert(libc::SYS_prctl, vec![rule(0, Length::Dword, Is::Eq, libc::PR_SET_DUMPABLE as u64)?]);
    Ok(rules)
}

fn filter(rules: Rules, error: libc::c_int) -> Result<BpfProgram, seccompiler::BackendError> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let denied = SeccompAction::Errno(error.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, denied, architecture)?.try_into()
}

/// On x86-64 each call has a second number with bit 30 set (x32), which the filters above do not know.
fn without_foreign_numbers() -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS: the first field of seccomp_data
    const JUMP_IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    let errno = 0x0005_0000 | libc::ENOSYS.unsigned_abs(); // SECCOMP_RET_ERRNO
    let allow = 0x7fff_0000; // SECCOMP_RET_ALLOW
    [(LOAD_NUMBER, 0, 0, 0), (JUMP_IF_AT_LEAST, 0, 1, 0x4000_0000), (RETURN, 0, 0, errno), (RETURN, 0, 0, allow)]
        .map(|(code, jt, jf, k)| sock_filter { code, jt, jf, k })
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_for_this_machine() {
        for shares_its_user in [false, true] {
            let filters = filters(shares_its_user).unwrap();
            assert!(filters.iter().all(|program| !program.is_empty() && program.len() < 4096));
        }
    }
}
