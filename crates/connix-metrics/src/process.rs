//! What the kernel says of this process, read at each scrape.
//!
//! The names are those that every Prometheus client library uses, so that ready-made dashboards find them. Nothing is shown where
//! there is no `/proc`.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

/// Resident memory and open files.
#[derive(Debug)]
pub(crate) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let gauges = [
            ("process_resident_memory_bytes", "Resident memory of the server.", resident_bytes()),
            ("process_open_fds", "Open file descriptors of the server.", open_files()),
        ];
        for (name, help, value) in gauges {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

fn resident_bytes() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:").map(|kibibytes| kibibytes * 1024)
}

/// The figure on the line `field` of a `/proc/…/status` text.
fn kibibytes(status: &str, field: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(field))?;
    rest.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

fn open_files() -> Option<u64> {
    // The folder's own descriptor, open while it is read, is not counted.
    u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_figure_is_read_from_its_line() {
        let status = "Name:\tconnix\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\nThreads:\t7\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(10240));
        assert_eq!(kibibytes("Name:\tconnix\n", "VmRSS:"), None);
    }

    #[test]
    fn this_process_has_memory_and_open_files() {
        assert!(resident_bytes() > Some(100 * 1024));
        assert!(open_files() >= Some(3), "standard input, output and error at least");
    }
}
