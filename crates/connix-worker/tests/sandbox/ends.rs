//! How a program ends, and that nothing of it is left (F11, F12, F13, F38, A06).

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::processes::{bearing, eventually, mark, name};
use crate::stage::{PATIENCE, Stage, however_held};
use connix_worker_protocol::sandbox::Containment;

however_held![
    its_end_is_told,
    what_it_leaves_behind_ends_with_it,
    a_chain_of_forks_does_not_outrun_its_keeper,
    one_whose_first_thread_has_ended_is_ended_like_any_other,
    a_grandchild_that_holds_the_output_is_not_waited_for,
    when_its_time_is_over_it_ends_and_what_it_printed_is_kept,
    one_that_ignores_sigterm_is_killed,
    dropping_the_run_ends_it,
    killing_its_keeper_ends_what_has_not_fled,
];

/// Python that starts `sleep 600` with this text in its environment, in a session of its own, orphaned twice over.
fn flight(mark: &str) -> String {
    format!(
        "
import os, time
def flee(depth):
    if os.fork():
        return
    os.setsid()
    if depth: flee(depth - 1)
    if depth: os._exit(0)
    os.execve('/usr/bin/sleep', ['sleep', '600'], {{'MARK': '{mark}'}})
flee(2)
flee(0)
time.sleep(0.2)
"
    )
}

async fn its_end_is_told(stage: Stage) {
    assert_eq!(stage.bash("exit 7").await.end.code, Some(7));
    let ran = stage.bash("kill -SEGV $$").await;
    assert_eq!((ran.end.code, ran.end.signal), (None, Some(11)));
    let why = stage.try_run(["no-such-interpreter"], PATIENCE).await.unwrap_err();
    assert!(why.starts_with("no-such-interpreter cannot be run: ENOENT"), "{why}");
}

async fn what_it_leaves_behind_ends_with_it(stage: Stage) {
    let mark = mark();
    let ran = stage.python(&(flight(&mark) + "print('over')")).await;
    assert_eq!(ran.stdout, "over\n", "{ran:?}");
    assert!(bearing(&mark).is_empty(), "the run is over when nothing is left");
}

/// Each link of the chain lives so shortly that a look at the process table may find none of them.
async fn a_chain_of_forks_does_not_outrun_its_keeper(stage: Stage) {
    for _ in 0..5 {
        let mark = mark();
        let chain = "
import os
if os.fork() == 0:
    os.setsid()
    while True:
        if os.fork(): os._exit(0)
print('over')
";
        let ran = stage.python(&format!("# {mark}{chain}")).await;
        assert_eq!(ran.stdout, "over\n", "{ran:?}");
        assert!(bearing(&mark).is_empty(), "the run is over when nothing is left");
    }
}

/// The kernel shows such a process as dead, and its memory as none.
async fn one_whose_first_thread_has_ended_is_ended_like_any_other(mut stage: Stage) {
    let python = "
import ctypes, os, threading, time
if os.fork() == 0:
    def go_on():
        time.sleep(0.3)
        kept = bytearray(b'x') * SIZE
        time.sleep(600)
    threading.Thread(target=go_on).start()
    ctypes.CDLL(None).pthread_exit(None)
";
    let ran = stage.python(&(python.replace("SIZE", "1") + "print('over')")).await;
    assert!(ran.stdout == "over\n" && ran.took < Duration::from_secs(5), "{ran:?}");
    stage.settings.limits.memory_mib = 64;
    let ran = stage.python(&(python.replace("SIZE", "(200 << 20)") + "time.sleep(600)")).await;
    assert!(ran.end.out_of_memory && !ran.timed_out, "{ran:?}");
}

async fn a_grandchild_that_holds_the_output_is_not_waited_for(stage: Stage) {
    let ran = stage.bash("(setsid sleep 600 &) ; echo finished").await;
    assert_eq!(ran.stdout, "finished\n");
    assert!(ran.took < Duration::from_secs(3), "{:?}", ran.took);
}

async fn when_its_time_is_over_it_ends_and_what_it_printed_is_kept(stage: Stage) {
    let mark = mark();
    let code = flight(&mark) + "print('begun', flush=True)\ntime.sleep(600)";
    let ran = stage.try_run(["python3", "-c", &code], Duration::from_secs(1)).await.unwrap();
    assert!(ran.timed_out && ran.stdout == "begun\n", "{ran:?}");
    assert!(ran.took < Duration::from_secs(5), "{:?}", ran.took);
    assert!(bearing(&mark).is_empty());
}

async fn one_that_ignores_sigterm_is_killed(stage: Stage) {
    let code = "trap '' TERM; echo begun; while :; do sleep 600; done";
    let ran = stage.try_run(["bash", "-c", code], Duration::from_millis(500)).await.unwrap();
    assert!(ran.timed_out && ran.stdout == "begun\n", "{ran:?}");
    assert!((2..6).contains(&ran.took.as_secs()), "after the grace: {:?}", ran.took);
}

async fn dropping_the_run_ends_it(stage: Stage) {
    let mark = mark();
    let code = flight(&mark) + "time.sleep(600)";
    {
        let run = stage.try_run(["python3", "-c", &code], Duration::from_secs(600));
        let begun = eventually("the program has begun", || (bearing(&mark).len() >= 2).then_some(()));
        tokio::select! {
            ran = run => panic!("{ran:?}"),
            () = begun => {}
        }
    }
    let dropped = Instant::now();
    eventually("it ends", || bearing(&mark).is_empty().then_some(())).await;
    assert!(dropped.elapsed() < Duration::from_secs(1), "{:?}", dropped.elapsed());
}

/// Without a namespace what has left its parent outlives a keeper that was killed; the local runtime sweeps it.
async fn killing_its_keeper_ends_what_has_not_fled(stage: Stage) {
    let (mark, in_namespace) = (mark(), stage.settings.containment == Containment::Namespace);
    let (flight, count) = if in_namespace { (flight(&mark), 3) } else { (String::new(), 1) };
    let code = format!("{flight}\nimport time\ntime.sleep(600) # {mark}");
    let run = stage.try_run(["python3", "-c", &code], Duration::from_secs(600));
    let kill_the_keeper = async {
        eventually("the program has begun", || (bearing(&mark).len() == count).then_some(())).await;
        let mut keepers = bearing(&format!("sandbox-exec\0{}", stage.instance));
        keepers.retain(|pid| name(*pid) == "connix-keeper");
        assert_eq!(keepers.len(), 1);
        kill(Pid::from_raw(keepers[0]), Signal::SIGKILL).unwrap();
    };
    let (ran, ()) = tokio::join!(run, kill_the_keeper);
    assert!(ran.unwrap_err().contains("gone"));
    eventually("it ends", || bearing(&mark).is_empty().then_some(())).await;
}
