//! What the worker says of its consumption with every heartbeat.

use std::time::{Duration, Instant};

use connix_outbound::Traffic;
use connix_process_tree::{Host, ProcessTable};
use connix_worker_protocol::session::{MemoryUsage, NetworkUsage, ProcessorUsage, ResourceUsage};

/// It looks at itself at most this often: heartbeats may follow each other closely.
const LOOK: Duration = Duration::from_secs(5);

/// Reads what has been consumed.
#[derive(Debug)]
pub(crate) struct Gauge {
    traffic: Traffic,
    /// Whether nobody else measures this process.
    alone: bool,
    looked: Option<(Instant, ResourceUsage)>,
}

impl Gauge {
    /// `alone`: no server can see this process, so that it has to measure itself.
    pub(crate) fn new(traffic: Traffic, alone: bool) -> Self {
        Self { traffic, alone, looked: None }
    }

    /// What has been consumed until now.
    pub(crate) fn read(&mut self) -> ResourceUsage {
        let own = if self.alone { self.own() } else { ResourceUsage::default() };
        let moved = self.traffic.total();
        let network = NetworkUsage { received: moved.received, sent: moved.sent };
        ResourceUsage { network: Some(network), ..own }
    }

    /// Processor and memory of this process and of what it has started.
    fn own(&mut self) -> ResourceUsage {
        match self.looked {
            Some((at, usage)) if at.elapsed() < LOOK => usage,
            _ => {
                let usage = look().unwrap_or_default();
                self.looked = Some((Instant::now(), usage));
                usage
            }
        }
    }
}

fn look() -> Option<ResourceUsage> {
    let tree = ProcessTable::read().ok()?.consumption(std::process::id().cast_signed())?;
    let host = Host::read()?;
    let processor = ProcessorUsage { seconds: tree.processor_seconds, processors: host.processors };
    let memory = MemoryUsage { used: tree.memory, limit: host.memory };
    Some(ResourceUsage { processor: Some(processor), memory: Some(memory), network: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_nobody_sees_measures_itself() {
        let usage = Gauge::new(Traffic::default(), true).read();
        assert!(usage.memory.is_some_and(|memory| memory.used > 0 && memory.used < memory.limit), "{usage:?}");
        assert!(usage.processor.is_some_and(|processor| processor.processors >= 1.0), "{usage:?}");
    }

    #[test]
    fn a_child_of_the_server_says_what_only_it_knows() {
        let usage = Gauge::new(Traffic::default(), false).read();
        assert_eq!((usage.processor, usage.memory), (None, None));
        assert!(usage.network.is_some());
    }
}
