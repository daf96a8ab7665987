//! What the running instances consume, as the server sees it: processor and memory of the process tree, bytes in the
//! workspace (`runtime.md` 3.6). The network is not seen from here; the worker counts what its own clients move.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connix_domain::id::ProjectId;
use connix_domain::port::runtime::InstanceReading;
use connix_domain::telemetry::{Consumption, MeterSource, ProcessorTime, Reading, Share};
use connix_process_tree::{Host, ProcessTable};

use super::instance::Key;
use super::supervision::Supervision;
use super::workspace_size::bytes_below;

/// A workspace is walked through at most this often.
const WALK: Duration = Duration::from_secs(60);

/// The size of a workspace and when it was measured. Locked while it is: who asks for the same waits, nobody else does.
type Size = Mutex<Option<(Instant, Option<u64>)>>;

/// Measures; remembers the sizes of workspaces.
pub(super) struct Measuring {
    workspaces: PathBuf,
    quota: u64,
    sizes: Mutex<HashMap<ProjectId, Arc<Size>>>,
}

/// An instance to be measured.
pub(super) struct Subject {
    pub(super) key: Key,
    pub(super) pid: i32,
    pub(super) project: ProjectId,
}

impl Measuring {
    pub(super) fn new(workspaces: PathBuf, quota: u64) -> Arc<Self> {
        Arc::new(Self { workspaces, quota, sizes: Mutex::default() })
    }

    /// What the instances have consumed by now. Blocks: it reads `/proc` and walks through folders.
    pub(super) fn readings(&self, supervision: &Supervision) -> Vec<InstanceReading> {
        let subjects = supervision.subjects();
        self.forget_old();
        let (Ok(table), Some(host)) = (ProcessTable::read(), Host::read()) else { return Vec::new() };
        let measured: Vec<_> =
            subjects.iter().filter_map(|subject| Some((subject, self.consumption(subject, &table, host)?))).collect();
        // One that was reaped meanwhile may have left its number to a stranger.
        let kept = measured.into_iter().filter(|(subject, _)| supervision.holds(subject.key));
        kept.map(|(subject, consumption)| {
            let Key { agent, incarnation } = subject.key;
            InstanceReading { agent, incarnation, consumption }
        })
        .collect()
    }

    fn consumption(&self, subject: &Subject, table: &ProcessTable, host: Host) -> Option<Consumption> {
        let tree = table.consumption(subject.pid)?;
        let processor = ProcessorTime { seconds: tree.processor_seconds, processors: host.processors };
        let memory = Share { used: tree.memory as f64, of: host.memory as f64 };
        let disk = self.size(subject.project).map(|bytes| Share { used: bytes as f64, of: self.quota as f64 });
        let source = MeterSource::Processes;
        Some(Consumption {
            processor: Some(Reading { value: processor, source }),
            memory: Some(Reading { value: memory, source }),
            disk: disk.map(|value| Reading { value, source: MeterSource::Workspace }),
            network: None,
        })
    }

    /// The bytes in a project's workspace, at most a minute old.
    pub(super) fn size(&self, project: ProjectId) -> Option<u64> {
        let kept = Arc::clone(self.sizes.lock().unwrap_or_else(PoisonError::into_inner).entry(project).or_default());
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, size)) = kept.filter(is_young) {
            return size;
        }
        let size = bytes_below(&self.workspaces.join(project.to_string()));
        *kept = Some((Instant::now(), size));
        size
    }

    /// Forgets sizes that are too old to be told.
    fn forget_old(&self) {
        let being_measured_or_young =
            |size: &Size| size.try_lock().map_or(true, |kept| kept.is_some_and(|kept| is_young(&kept)));
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, size| being_measured_or_young(size));
    }
}

fn is_young((at, _): &(Instant, Option<u64>)) -> bool {
    at.elapsed() < WALK
}
