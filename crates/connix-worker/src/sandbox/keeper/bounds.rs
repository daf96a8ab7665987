//! Resource limits of a program (`setrlimit`).

use connix_worker_protocol::sandbox::ProgramLimits;
use nix::sys::resource::{Resource, setrlimit};

const MIB: u64 = 1 << 20;

/// Sets them on this process and all it will start. `processes_besides` run already and count against the same limit.
///
/// # Errors
/// In words.
pub(super) fn set(limits: &ProgramLimits, processes_besides: u64) -> Result<(), String> {
    let bounds = [
        (Resource::RLIMIT_AS, limits.address_space_mib.saturating_mul(MIB)),
        (Resource::RLIMIT_NPROC, limits.processes.saturating_add(processes_besides)),
        (Resource::RLIMIT_NOFILE, limits.open_files),
        (Resource::RLIMIT_FSIZE, limits.file_size_mib.saturating_mul(MIB)),
        (Resource::RLIMIT_CPU, limits.cpu_seconds),
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_MEMLOCK, 64 << 10),
    ];
    for (resource, most) in bounds {
        setrlimit(resource, most, most).map_err(|error| format!("{resource:?} cannot be set to {most}: {error}"))?;
    }
    Ok(())
}
