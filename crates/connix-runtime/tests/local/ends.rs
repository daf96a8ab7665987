//! How a worker ends, and that nothing of it is left.

use std::time::{Duration, Instant};

use connix_domain::port::runtime::AgentRuntime;

use crate::stage::{AGENT, eventually, is_alive, leads_a_session, stage};

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_exit_tells_its_code_and_the_last_words() {
    let stage = stage("echo on its way; echo \"it broke\" >&2; exit 70");
    stage.launch(3).await.unwrap();
    let gone = stage.exit().await;
    assert_eq!((gone.agent, gone.incarnation), (AGENT, 3));
    assert_eq!((gone.exit.code, gone.exit.signal, gone.exit.reason.as_str()), (Some(70), None, "exited"));
    assert!(gone.exit.detail.contains("it broke\n"), "{}", gone.exit.detail);
}

#[tokio::test]
async fn an_exit_tells_its_signal() {
    let stage = stage("kill -SEGV $$");
    stage.launch(1).await.unwrap();
    let exit = stage.exit().await.exit;
    assert_eq!((exit.code, exit.signal, exit.reason.as_str()), (None, Some(11), "killed"));
}

#[tokio::test]
async fn only_the_last_64_kib_are_kept_and_a_talkative_worker_is_not_blocked() {
    let stage = stage("head -c 2000000 /dev/zero | tr '\\0' x; echo end");
    stage.launch(1).await.unwrap();
    let detail = stage.exit().await.exit.detail;
    assert_eq!(detail.len(), 64 << 10);
    assert!(detail.ends_with("xend\n"));
}

#[tokio::test]
async fn a_kill_reaches_the_whole_group() {
    let stage = stage("sleep 600 & echo $! > child; wait");
    stage.launch(1).await.unwrap();
    let child = stage.written("child").await;
    assert!(is_alive(&child));
    stage.runtime().kill(AGENT, 1).await;
    assert_eq!(stage.exit().await.exit.signal, Some(9));
    assert!(!is_alive(&child), "an exit is reported when nothing is left");
}

#[tokio::test]
async fn what_a_worker_leaves_behind_is_ended_with_it() {
    let stage = stage("sleep 600 & echo $! > child; exit 0");
    stage.launch(1).await.unwrap();
    assert_eq!(stage.exit().await.exit.code, Some(0));
    assert!(!is_alive(&stage.written("child").await));
}

#[tokio::test]
async fn a_drained_worker_may_finish() {
    let stage = stage("trap 'echo finished; exit 0' TERM; echo > ready; while :; do sleep 0.01; done");
    stage.launch(1).await.unwrap();
    stage.written("ready").await;
    stage.runtime().drain(AGENT, 1, LONG).await;
    let exit = stage.exit().await.exit;
    assert_eq!((exit.code, exit.detail.as_str()), (Some(0), "finished\n"));
}

#[tokio::test]
async fn a_drained_worker_that_does_not_leave_is_killed_after_the_grace() {
    let stage = stage("trap '' TERM; echo > ready; while :; do sleep 0.01; done");
    stage.launch(1).await.unwrap();
    stage.written("ready").await;
    let asked = Instant::now();
    stage.runtime().drain(AGENT, 1, Duration::from_millis(200)).await;
    stage.runtime().drain(AGENT, 1, Duration::ZERO).await; // asking again changes nothing
    assert_eq!(stage.exit().await.exit.signal, Some(9));
    assert!(asked.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn each_end_is_reported_once() {
    let stage = stage("read -r line; exit 0");
    for incarnation in 1..=20 {
        stage.launch(incarnation).await.unwrap();
    }
    let mut seen = Vec::new();
    for _ in 1..=20 {
        seen.push(stage.exit().await.incarnation);
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(1..=20));
    stage.runtime().shut_down(Duration::ZERO).await;
    let more = tokio::time::timeout(Duration::ZERO, stage.runtime().next_exit()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn unknown_instances_are_left_alone() {
    let stage = stage("cat > /dev/null");
    stage.launch(2).await.unwrap();
    stage.runtime().kill(AGENT, 1).await;
    stage.runtime().drain(AGENT, 3, Duration::ZERO).await;
    stage.runtime().kill(AGENT, 2).await;
    assert_eq!(stage.exit().await.incarnation, 2);
}

#[tokio::test]
async fn shutting_down_drains_first_and_leaves_nothing() {
    let stage = stage("trap 'exit 0' TERM; echo $$ > pid; while :; do sleep 0.01; done");
    stage.launch(1).await.unwrap();
    let pid = stage.written("pid").await;
    stage.runtime().shut_down(LONG).await;
    assert!(!is_alive(&pid));
    assert_eq!(stage.exit().await.exit.code, Some(0));
}

#[tokio::test]
async fn shutting_down_ends_by_force_what_does_not_leave() {
    let stage = stage("trap '' TERM; sleep 600 & echo $! > child; echo $$ > pid; wait; wait");
    stage.launch(1).await.unwrap();
    let (pid, child) = (stage.written("pid").await, stage.written("child").await);
    stage.runtime().shut_down(Duration::from_millis(100)).await;
    assert!(!is_alive(&pid) && !is_alive(&child));
}

#[tokio::test]
async fn dropping_the_runtime_leaves_nothing() {
    let mut stage = stage("trap '' TERM; sleep 600 & echo $! > child; echo $$ > pid; wait");
    stage.launch(1).await.unwrap();
    let (pid, child) = (stage.written("pid").await, stage.written("child").await);
    stage.runtime = None;
    assert!(!is_alive(&pid));
    eventually(|| (!is_alive(&child)).then_some(())).await;
}

#[tokio::test]
async fn the_lifeline_stays_open_as_long_as_the_runtime_lives_and_ends_with_it() {
    // The reader outlives the group's end because it leads a group of its own, and no sweep takes it for a stray because it is
    // called like a keeper: what ends it is the pipe.
    let reader = "echo > ready; cat <&3 > /dev/null; echo broken > lifeline";
    let mut stage = stage(&format!("exec 3<&0; setsid sh -c '{reader}' sandbox-exec it & sleep 600"));
    stage.launch(1).await.unwrap();
    stage.written("ready").await;
    assert!(!stage.workspace().join("lifeline").exists());
    stage.runtime = None;
    assert_eq!(stage.written("lifeline").await, "broken\n");
}

/// What reads the worker's mark from the handshake, and starts a process of its own session that bears it.
const FLEEING: &str = "
read -r line; mark=${line##*'\"instance\":\"'}; mark=${mark%%'\"'*}
CONNIX_INSTANCE=$mark setsid sleep 600 & echo $! > child
";

#[tokio::test]
async fn what_a_tool_left_behind_is_ended_with_its_worker_wherever_it_has_fled() {
    let stage = stage(&format!("{FLEEING} sleep 600"));
    stage.launch(1).await.unwrap();
    let child = stage.written("child").await;
    stage.runtime().kill(AGENT, 1).await;
    stage.exit().await;
    assert!(!is_alive(&child), "an exit is reported when nothing is left");
}

#[tokio::test]
async fn what_hides_its_mark_is_ended_with_its_worker_too() {
    let stage = stage("env -i setsid sleep 600 & echo $! > child; sleep 600");
    stage.launch(1).await.unwrap();
    let child = stage.written("child").await;
    eventually(|| leads_a_session(&child).then_some(())).await;
    stage.runtime().kill(AGENT, 1).await;
    stage.exit().await;
    assert!(!is_alive(&child), "an exit is reported when nothing is left");
}

#[tokio::test]
async fn what_has_lost_its_keeper_is_ended_while_its_worker_goes_on() {
    let stage = stage("(env -i setsid sleep 600 & echo $! > child); exec cat");
    stage.launch(1).await.unwrap();
    let child = stage.written("child").await;
    eventually(|| (!is_alive(&child)).then_some(())).await;
    assert!(stage.runtime().knows(AGENT, 1));
}

/// Takes a filter of system calls upon itself, as each confined program has one, and sleeps.
const FILTERED: &str = "
import ctypes, time
filter = (ctypes.c_uint8 * 8).from_buffer_copy((6).to_bytes(4, \"little\") + (0x7fff0000).to_bytes(4, \"little\"))
class Program(ctypes.Structure): _fields_ = [(\"length\", ctypes.c_ushort), (\"filter\", ctypes.c_void_p)]
program = Program(1, ctypes.addressof(filter))
prctl = ctypes.CDLL(None).prctl
if prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, ctypes.byref(program), 0, 0) == 0:
    print(\"filtered\", file=open(\"filtered\", \"w\"))
time.sleep(600)
";

#[tokio::test]
async fn a_program_that_calls_itself_a_keeper_holds_nothing_up() {
    let forged = format!("setsid python3 -c '{FILTERED}' sandbox-exec $mark & echo $! > forged");
    let stage = stage(&format!("{FLEEING} {forged}; sleep 600"));
    stage.launch(1).await.unwrap();
    let forged = stage.written("forged").await;
    stage.written("filtered").await;
    let killed = Instant::now();
    stage.runtime().kill(AGENT, 1).await;
    stage.exit().await;
    assert!(killed.elapsed() < Duration::from_millis(1500), "{:?}", killed.elapsed());
    assert!(!is_alive(&forged));
}

#[tokio::test]
async fn a_keeper_has_the_time_to_end_what_it_keeps() {
    // A shell that is called like a keeper, and ends a little later than its worker.
    let keeper = "echo > waiting; while kill -0 $3 2>/dev/null; do :; done; sleep 0.3; echo kept > keeper";
    let stage = stage(&format!("{FLEEING} setsid sh -c '{keeper}' sandbox-exec $mark x $$ & sleep 600"));
    stage.launch(1).await.unwrap();
    stage.written("waiting").await;
    stage.runtime().kill(AGENT, 1).await;
    stage.exit().await;
    assert_eq!(std::fs::read_to_string(stage.workspace().join("keeper")).unwrap(), "kept\n");
}

#[tokio::test]
async fn a_new_runtime_ends_what_the_one_before_it_left() {
    let mut stage = stage(&format!("{FLEEING} exec cat"));
    stage.launch(1).await.unwrap();
    let child = stage.written("child").await;
    std::mem::forget(stage.runtime.take()); // as if it had been killed: nobody ends anything
    assert!(is_alive(&child));
    stage.start_again();
    eventually(|| (!is_alive(&child)).then_some(())).await;
}

#[tokio::test]
async fn a_new_runtime_ends_what_was_started_while_it_looked() {
    // A keeper that something holds, and a program of its that starts another when the first look is over.
    let keeper = "setsid sh -c 'sleep 600; :' sandbox-exec $mark & echo $! > keeper";
    let program = "sleep 1; sleep 600 & echo $! > late; wait";
    let mut stage =
        stage(&format!("{FLEEING} {keeper}; CONNIX_INSTANCE=$mark setsid sh -c '{program}' & echo > ready; exec cat"));
    stage.launch(1).await.unwrap();
    let keeper = stage.written("keeper").await;
    stage.written("ready").await;
    std::mem::forget(stage.runtime.take());
    stage.start_again();
    let late = stage.written("late").await;
    eventually(|| (!is_alive(&late) && !is_alive(&keeper)).then_some(())).await;
}
