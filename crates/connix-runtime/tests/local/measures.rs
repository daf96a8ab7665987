//! What is measured of a running instance.

use connix_domain::port::runtime::{AgentRuntime, InstanceReading};

use crate::stage::{AGENT, Stage, stage};

async fn reading(stage: &Stage) -> Option<InstanceReading> {
    stage.runtime().readings().await.into_iter().next()
}

#[tokio::test]
async fn processor_memory_and_disk_are_those_of_the_tree_and_its_workspace() {
    let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
    let stage = stage(&format!("printf %250s x > file; sh -c '{busy}'; echo done > done; read handshake; read end"));
    stage.launch(3).await.unwrap();
    stage.written("done").await;
    let InstanceReading { agent, incarnation, consumption } = reading(&stage).await.unwrap();
    assert_eq!((agent, incarnation), (AGENT, 3));
    let processor = consumption.processor.unwrap().value;
    assert!(processor.seconds > 0.02, "the child that was waited for counts: {processor:?}");
    assert!(processor.processors >= 1.0);
    let memory = consumption.memory.unwrap().value.fraction();
    assert!(memory > 0.0 && memory < 0.5, "{memory}");
    let disk = consumption.disk.unwrap().value;
    assert_eq!((disk.used, disk.of), (255.0, 1000.0), "250 and 5 bytes of 1000");
    assert_eq!(consumption.network, None, "the kernel does not say");
}

#[tokio::test]
async fn an_instance_that_has_ended_is_not_measured() {
    let stage = stage("exit 0");
    stage.launch(1).await.unwrap();
    stage.exit().await;
    assert_eq!(reading(&stage).await, None);
}
