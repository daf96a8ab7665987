//! How much a program may take (F14, F15, F17, F19).

use std::time::{Duration, Instant};

use crate::processes::{bearing, eventually, mark};
use crate::stage::{Stage, however_held};

however_held![
    a_fork_bomb_stops_at_the_limit,
    two_gibibytes_of_memory_are_not_given,
    many_processes_together_get_no_more_memory_than_one_may,
    memory_that_is_shared_counts_and_counts_once,
    when_memory_is_short_a_program_ends_before_what_runs_it,
    of_100_megabytes_of_output_head_and_tail_are_kept,
    what_is_no_text_is_kept_as_text,
    files_cannot_grow_beyond_the_limit,
    open_files_are_bounded,
    processor_time_is_bounded,
];

async fn a_fork_bomb_stops_at_the_limit(stage: Stage) {
    let code = "
import os, time
count = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        count += 1
except BlockingIOError:
    print('stopped at', count)
";
    let began = Instant::now();
    let ran = stage.python(code).await;
    let count: u64 = ran.stdout.trim().rsplit(' ').next().unwrap().parse().unwrap();
    // As a user's own process it counts with that user's others, of which some may end meanwhile.
    let most = if nix::unistd::geteuid().is_root() { 64 } else { 128 };
    assert!((32..=most).contains(&count), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "its children end with it");
    // One that multiplies: over when its time is over, with the limit as its only brake.
    let bomb = stage.try_run(["bash", "-c", "b() { b | b & }; b; sleep 600"], Duration::from_secs(1)).await.unwrap();
    assert!(bomb.timed_out);
    assert_eq!(stage.bash("echo all is well").await.stdout, "all is well\n");
}

async fn two_gibibytes_of_memory_are_not_given(stage: Stage) {
    let ran = stage.python("x = b'x' * (2 << 30); print(len(x))").await;
    assert_eq!(ran.end.code, Some(1));
    assert!(ran.stderr.contains("MemoryError"), "{ran:?}");
}

async fn many_processes_together_get_no_more_memory_than_one_may(mut stage: Stage) {
    stage.settings.limits.memory_mib = 128;
    let code = "
import os, time
for _ in range(4):
    if os.fork() == 0:
        kept = bytearray(os.urandom(1 << 20) * 60)
        time.sleep(600)
time.sleep(600)
";
    let ran = stage.python(code).await;
    assert!(ran.end.out_of_memory && ran.end.code.is_none() && !ran.timed_out, "{ran:?}");
    assert!(ran.took < Duration::from_secs(10));
}

async fn memory_that_is_shared_counts_and_counts_once(mut stage: Stage) {
    stage.settings.limits.memory_mib = 128;
    // Each of four its own.
    let code = "
import mmap, os, time
for _ in range(4):
    if os.fork() == 0:
        shared = mmap.mmap(-1, 60 << 20)
        for at in range(0, 60 << 20, 4096): shared[at] = 1
        time.sleep(600)
time.sleep(600)
";
    let ran = stage.python(code).await;
    assert!(ran.end.out_of_memory && !ran.timed_out, "{ran:?}");
    // One for four of them.
    let code = "
import mmap, os, time
shared = mmap.mmap(-1, 60 << 20)
for _ in range(4):
    if os.fork() == 0:
        for at in range(0, 60 << 20, 4096): shared[at] = 1
        time.sleep(600)
time.sleep(2)
print('enough')
";
    let ran = stage.python(code).await;
    assert!(!ran.end.out_of_memory && ran.stdout == "enough\n", "{ran:?}");
}

async fn when_memory_is_short_a_program_ends_before_what_runs_it(stage: Stage) {
    let mark = mark();
    let words = format!("bash -c 'sleep 600; : {mark}' & sleep 600");
    let run = stage.try_run(["bash", "-c", &words], Duration::from_secs(600));
    let all_first = || {
        let found = bearing(&mark);
        let score = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap_or_default();
        (found.len() >= 2 && found.iter().all(|pid| score(pid) == "500\n")).then_some(())
    };
    tokio::select! {
        ran = run => panic!("{ran:?}"),
        () = eventually("they go first", all_first) => {}
    }
}

async fn of_100_megabytes_of_output_head_and_tail_are_kept(stage: Stage) {
    let before = resident();
    let code = "
import sys
print('first')
for _ in range(100): sys.stdout.write('x' * 999_999 + '\\n')
print('last', file=sys.stderr)
print('last')
";
    let ran = stage.python(code).await;
    assert!(ran.stdout.starts_with("first\nxxx") && ran.stdout.ends_with("xxx\nlast\n"));
    assert!(ran.stdout.contains("bytes left out"));
    assert!((40_000..=64 << 10).contains(&ran.stdout.len()), "{}", ran.stdout.len());
    assert_eq!(ran.stderr, "last\n");
    assert!(resident() < before + (32 << 20), "memory stays flat");
}

/// Memory of this process, which reads the output.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

async fn what_is_no_text_is_kept_as_text(stage: Stage) {
    let ran =
        stage.python("import os; os.write(1, b'a\\0b\\xff\\xfec\\n' + b'y' * (1 << 20)); os.write(2, b'\\x80')").await;
    assert!(ran.stdout.starts_with("a\u{fffd}b\u{fffd}\u{fffd}c\nyyy"));
    assert!(!ran.stdout.contains('\0'));
    assert_eq!(ran.stderr, "\u{fffd}");
}

async fn files_cannot_grow_beyond_the_limit(mut stage: Stage) {
    stage.settings.limits.file_size_mib = 1;
    let ran = stage.bash("head -c 3000000 /dev/zero > large; echo $?").await;
    assert_ne!(ran.stdout, "0\n");
    assert!(stage.workspace().join("large").metadata().unwrap().len() <= 1 << 20);
}

async fn open_files_are_bounded(stage: Stage) {
    let code = "
files = []
try:
    while True: files.append(open('/dev/null'))
except OSError as error:
    print(len(files))
";
    let ran = stage.python(code).await;
    assert!((200..=256).contains(&ran.stdout.trim().parse::<u64>().unwrap()), "{ran:?}");
}

async fn processor_time_is_bounded(mut stage: Stage) {
    stage.settings.limits.cpu_seconds = 1;
    let ran = stage.python("while True: pass").await;
    assert!(ran.end.signal.is_some() && !ran.timed_out, "{ran:?}");
}
