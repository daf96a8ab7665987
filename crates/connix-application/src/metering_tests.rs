//! What is put down to whom, between a launch and an end.

use super::*;
use connix_domain::telemetry::{MeterSource, Reading, Traffic};
use connix_testkit::samples;

fn said(received: i64) -> Consumption {
    let value = Traffic { received, sent: 0 };
    Consumption { network: Some(Reading { value, source: MeterSource::WorkerClients }), ..Consumption::default() }
}

fn agent(incarnation: i64, runtime: RuntimeKind) -> Agent {
    let organisation = samples::organisation();
    let project = samples::project(organisation.id, 1, "project");
    let mut agent = samples::agent(&project, "agent");
    (agent.control.incarnation, agent.runtime) = (incarnation, runtime);
    agent
}

/// A runtime that knows every instance.
fn known(_: AgentId, _: i64) -> bool {
    true
}

fn received(samples: &[ResourceSample]) -> Vec<(i64, i64)> {
    let of = |sample: &ResourceSample| (sample.incarnation, sample.network.map_or(-1, |moved| moved.value.received));
    samples.iter().map(of).collect()
}

#[test]
fn what_was_consumed_since_the_last_sample_is_told_once() {
    let (meters, agent, at) = (Meters::default(), agent(1, RuntimeKind::Local), samples::noon());
    meters.begun(&agent, at);
    meters.heard(&agent, said(100));
    assert_eq!(received(&meters.samples(&[], known, at)), [(1, 100)]);
    meters.heard(&agent, said(130));
    assert_eq!(received(&meters.ended(agent.id, 1, at)), [(1, 30)], "the end tells the rest");
    assert_eq!(meters.ended(agent.id, 1, at), [], "and only once");
    assert_eq!(meters.samples(&[], known, at), []);
}

#[test]
fn one_incarnation_s_consumption_is_never_put_down_to_the_next() {
    let (meters, mut agent, at) = (Meters::default(), agent(1, RuntimeKind::External), samples::noon());
    meters.begun(&agent, at);
    meters.heard(&agent, said(100));
    agent.control.incarnation = 2;
    meters.begun(&agent, at);
    assert_eq!(received(&meters.take(10)), [(1, 100)], "the first one's rest waits for the store");
    meters.heard(&agent, said(7));
    assert_eq!(received(&meters.samples(&[], known, at)), [(2, 7)]);
}

#[test]
fn what_was_consumed_before_this_server_knew_of_it_is_not_counted_again() {
    let (meters, agent, at) = (Meters::default(), agent(4, RuntimeKind::External), samples::noon());
    meters.heard(&agent, said(1_000_000));
    meters.heard(&agent, said(1_000_050));
    let samples = meters.samples(&[], known, at);
    assert_eq!(received(&samples), [(4, 50)]);
    assert!(samples[0].window < chrono::Duration::minutes(1), "nor is its time");
}

#[test]
fn an_external_instance_lives_as_long_as_it_is_heard() {
    let (meters, agent, at) = (Meters::default(), agent(1, RuntimeKind::External), samples::noon());
    meters.begun(&agent, at);
    assert_eq!(meters.samples(&[], known, at), [], "it has not been heard since its hello");
    meters.heard(&agent, said(1));
    assert_eq!(meters.samples(&[], known, at).len(), 1);
    assert_eq!(meters.samples(&[], known, at), [], "it is silent");
}

#[test]
fn what_the_runtime_sees_goes_before_what_the_worker_says() {
    let (meters, agent, at) = (Meters::default(), agent(1, RuntimeKind::Local), samples::noon());
    meters.begun(&agent, at);
    let memory = |used, source| {
        let value = connix_domain::telemetry::Share { used, of: 100.0 };
        Consumption { memory: Some(Reading { value, source }), ..Consumption::default() }
    };
    meters.heard(&agent, memory(1.0, MeterSource::Worker));
    let consumption = memory(50.0, MeterSource::Processes);
    let seen = InstanceReading { agent: agent.id, incarnation: 1, consumption };
    let sampled = meters.samples(&[seen], known, at);
    assert_eq!(sampled[0].memory, Some(Reading { value: 0.5, source: MeterSource::Processes }));
}

#[test]
fn a_local_instance_that_the_runtime_does_not_know_lives_no_longer() {
    let (meters, agent, at) = (Meters::default(), agent(1, RuntimeKind::Local), samples::noon());
    meters.begun(&agent, at);
    meters.heard(&agent, said(1));
    assert_eq!(meters.samples(&[], |_, _| false, at), []);
    assert_eq!(meters.ended(agent.id, 1, at).len(), 1, "what it consumed comes with its end");
}

#[test]
fn samples_wait_in_order_and_the_oldest_are_lost_first() {
    let (meters, agent, at) = (Meters::default(), agent(1, RuntimeKind::Local), samples::noon());
    meters.begun(&agent, at);
    meters.heard(&agent, said(1));
    let sample = meters.ended(agent.id, 1, at).remove(0);
    let numbered = |n: usize| ResourceSample { incarnation: n as i64, ..sample.clone() };
    meters.keep((0..MOST_WAITING + 2).map(numbered).collect());
    assert_eq!(meters.take(2).iter().map(|sample| sample.incarnation).collect::<Vec<_>>(), [2, 3]);
}
