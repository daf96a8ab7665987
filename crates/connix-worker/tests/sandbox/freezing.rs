//! A program stands still while its agent is paused, and its time with it (F39).

use std::time::Duration;

use crate::processes::{bearing, eventually, mark, state};
use crate::stage::{Stage, however_held};

however_held![a_frozen_program_stands_still_and_goes_on_when_thawed, a_frozen_program_can_be_ended];

async fn a_frozen_program_stands_still_and_goes_on_when_thawed(stage: Stage) {
    let mark = mark();
    let code = format!(
        "(setsid bash -c 'sleep 600; : {mark}' &); for i in $(seq 20); do echo $i > count; sleep 0.1; done; echo over # {mark}"
    );
    let count = || std::fs::read_to_string(stage.workspace().join("count")).unwrap_or_default();
    let all_stand = || {
        let found = bearing(&mark);
        let stopped = found.iter().filter(|pid| state(**pid) == Some('T')).count();
        // The keeper and the first process of the namespace bear no mark.
        (stopped >= 2 && stopped == found.len()).then_some(())
    };
    let run = stage.try_run(["bash", "-c", &code], Duration::from_secs(4));
    let pause = async {
        eventually("it counts", || (count() == "3\n").then_some(())).await;
        stage.freezer.send_replace(true);
        eventually("it stands", all_stand).await;
        let before = count();
        // Longer than all of its time.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(count(), before);
        stage.freezer.send_replace(false);
    };
    let (ran, ()) = tokio::join!(run, pause);
    let ran = ran.unwrap();
    assert!(!ran.timed_out && ran.stdout == "over\n", "{ran:?}");
}

async fn a_frozen_program_can_be_ended(stage: Stage) {
    let mark = mark();
    {
        let code = format!("sleep 600; : {mark}");
        let run = stage.try_run(["bash", "-c", &code], Duration::from_secs(600));
        let frozen = async {
            eventually("it runs", || (!bearing(&mark).is_empty()).then_some(())).await;
            stage.freezer.send_replace(true);
            eventually("it stands", || bearing(&mark).iter().all(|pid| state(*pid) == Some('T')).then_some(())).await;
        };
        tokio::select! {
            ran = run => panic!("{ran:?}"),
            () = frozen => {}
        }
    }
    eventually("it ends", || bearing(&mark).is_empty().then_some(())).await;
}
