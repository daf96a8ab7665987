//! What the processes of this host may use at most: the denominators of every share.

use std::fs;
use std::path::{Path, PathBuf};

use procfs::{Current, Meminfo};

const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// The capacity of this host, as far as this process may use it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Host {
    /// Processors, by affinity and by the quota of the control group.
    pub processors: f64,
    /// Memory in bytes, by the machine and by the limit of the control group.
    pub memory: u64,
}

impl Host {
    /// The capacity as it is now. `None` where `/proc` cannot be read.
    #[must_use]
    pub fn read() -> Option<Self> {
        let machine = Meminfo::current().ok()?.mem_total;
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let limits = groups.lines().flat_map(limit_files).filter_map(|file| limit(&file));
        // As std sees it: affinity and the quota of a control group are taken into account.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Some(Self { processors: processors as f64, memory: limits.fold(machine, u64::min) })
    }
}

/// Where the kernel shows the memory limits of a line of `/proc/self/cgroup` (`id:controllers:path`): the group's own and
/// those of the groups above it, which bind as well.
fn limit_files(line: &str) -> Vec<PathBuf> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (mount, name) = match controllers {
        "" => (PathBuf::from(CONTROL_GROUPS), "memory.max"),
        _ if controllers.split(',').any(|word| word == "memory") => {
            (Path::new(CONTROL_GROUPS).join("memory"), "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    Path::new(path.trim_start_matches('/')).ancestors().map(|group| mount.join(group).join(name)).collect()
}

/// A limit in bytes; `max`, and a file that is not there, is none.
fn limit(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_processors_and_memory() {
        let host = Host::read().unwrap();
        assert!(host.processors >= 1.0);
        assert!(host.memory > 64 << 20, "{host:?}");
    }

    #[test]
    fn limits_are_looked_for_in_the_group_and_in_all_above_it() {
        let unified: Vec<_> = limit_files("0::/a/b").iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            unified,
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"]
        );
        let first = |line| limit_files(line).first().map(|path| path.display().to_string());
        assert_eq!(first("4:memory:/x").as_deref(), Some("/sys/fs/cgroup/memory/x/memory.limit_in_bytes"));
        assert_eq!(first("3:cpuset:/x"), None);
        assert_eq!(first("nonsense"), None);
    }
}
