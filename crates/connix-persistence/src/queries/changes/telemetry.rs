//! What workers used. The triggers of the schema count it.

use super::sql::{Sql, Value};
use super::{Must, Unit};
use connix_domain::telemetry::{MeterSource, Reading, ResourceSample};

/// A reading's value and source.
fn reading(reading: Option<Reading<f64>>) -> [Value; 2] {
    [Value::Fraction(reading.map(|reading| reading.value)), source(reading.map(|reading| reading.source))]
}

fn source(source: Option<MeterSource>) -> Value {
    Value::OptionalText(source.map(|source| source.as_str().to_owned()))
}

impl Unit {
    /// From the agent's row, so that nothing is appended to one that is gone.
    pub(super) fn append_samples(&mut self, samples: Vec<ResourceSample>) {
        for sample in samples {
            let bytes = |of: fn(&ResourceSample) -> Option<i64>| Value::OptionalNumber(of(&sample));
            let traffic = [
                bytes(|sample| sample.network.map(|network| network.value.received)),
                bytes(|sample| sample.network.map(|network| network.value.sent)),
                source(sample.network.map(|network| network.source)),
            ];
            let window = sample.window.num_microseconds().unwrap_or(0);
            let times = [Value::Number(sample.incarnation), sample.at.into(), Value::Number(window)];
            let meters = [sample.cpu, sample.memory, sample.disk].into_iter().flat_map(reading);
            let storage = bytes(|sample| sample.storage);
            let values = times.into_iter().chain(meters).chain(traffic).chain([storage]);
            let insert = Sql::<()>::new().sql(
                "INSERT INTO resource_sample (org_id, agent_id, incarnation, at, window_micros, cpu, cpu_source, memory, \
                 memory_source, disk, disk_source, received, sent, network_source, storage) SELECT org_id, id, ",
            );
            let insert = insert.each(values, ", ", Sql::value).sql(" FROM agent WHERE org_id = ");
            let insert = insert.value(sample.org.to_string()).sql(" AND id = ").value(sample.agent.to_string());
            self.push(Must::Run, insert.sql(" ON CONFLICT (org_id, agent_id, at, incarnation) DO NOTHING"));
        }
    }
}
