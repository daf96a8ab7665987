//! How much a program may keep on disk (F53), and what is left of it there.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::processes::{bearing, eventually, mark, name};
use crate::stage::{PATIENCE, Stage, however_held};

however_held![
    a_workspace_takes_so_many_bytes_and_no_more,
    a_workspace_takes_so_many_files_and_no_more,
    files_that_have_no_name_any_more_count_too,
    temporary_files_are_bounded_as_well,
    in_a_full_workspace_a_program_can_make_room_and_nothing_else,
    one_that_holds_twice_what_it_may_is_refused_with_what_to_do,
    a_folder_that_is_closed_or_too_deep_hides_nothing,
    temporary_files_are_removed_whatever_was_made_of_them,
    what_a_killed_keeper_left_is_removed_by_the_next_one,
];

const MIB: u64 = 1 << 20;

/// Python that writes files of a MiB to a folder for ever, a hundred in a second.
const FILL: &str = "
import os, time
def fill(folder):
    count = 0
    while True:
        with open(f'{folder}/{count}', 'wb') as file: file.write(bytes(1 << 20))
        count += 1
        time.sleep(0.01)
";

fn bytes_in(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().flatten().map(|entry| entry.metadata().unwrap().blocks() * 512).sum()
}

async fn a_workspace_takes_so_many_bytes_and_no_more(mut stage: Stage) {
    stage.settings.limits.workspace_bytes = 40 * MIB;
    let ran = stage.python(&format!("{FILL}\nfill('.')")).await;
    assert!(ran.end.disk_full && ran.end.code.is_none() && !ran.timed_out, "{ran:?}");
    let kept = bytes_in(&stage.workspace());
    assert!((40 * MIB..160 * MIB).contains(&kept), "{kept}");
    // What was there before counts as well: of files that are just below the bound, however far above it a busy machine came, a
    // few more are too many.
    for number in 0.. {
        if bytes_in(&stage.workspace()) < 40 * MIB {
            break;
        }
        fs::remove_file(stage.workspace().join(number.to_string())).unwrap();
    }
    let few = "
import os, time
os.mkdir('more')
for number in range(4):
    with open(f'more/{number}', 'wb') as file: file.write(bytes(1 << 20))
time.sleep(600)
";
    let ran = stage.python(few).await;
    assert!(ran.end.disk_full && !ran.timed_out, "{ran:?}");
}

async fn a_workspace_takes_so_many_files_and_no_more(mut stage: Stage) {
    stage.settings.limits.workspace_files = 300;
    let code = "
import os, time
count = 0
while True:
    os.mkdir(str(count)); open(f'{count}/file', 'w'); os.symlink('/', f'{count}/link')
    count += 1
    time.sleep(0.005)
";
    let ran = stage.python(code).await;
    assert!(ran.end.disk_full && !ran.timed_out, "{ran:?}");
}

async fn files_that_have_no_name_any_more_count_too(mut stage: Stage) {
    stage.settings.limits.workspace_bytes = 40 * MIB;
    let code = "
import os, time
kept = []
while True:
    kept.append(open('file', 'wb'))
    os.remove('file')
    kept[-1].write(bytes(1 << 20)); kept[-1].flush()
    time.sleep(0.01)
";
    let ran = stage.python(code).await;
    assert!(ran.end.disk_full && !ran.timed_out, "{ran:?}");
}

async fn temporary_files_are_bounded_as_well(mut stage: Stage) {
    stage.settings.limits.temporary_mib = 40;
    let ran = stage.python(&format!("{FILL}\nfill(os.environ['TMPDIR'])")).await;
    assert!(ran.end.disk_full && !ran.timed_out, "{ran:?}");
    assert_eq!(bytes_in(&stage.workspace()), 0);
    assert!(!stage.bash("echo text > file").await.end.disk_full, "they are gone with the program");
}

async fn in_a_full_workspace_a_program_can_make_room_and_nothing_else(mut stage: Stage) {
    stage.settings.limits.workspace_files = 20;
    stage.bash("for i in $(seq 20); do echo $i > $i; done").await;
    let ran = stage.python("print(open('7').read())\nwith open('new', 'w') as file: file.write('text')").await;
    assert!(ran.end.disk_full && ran.end.code != Some(0) && ran.stdout.starts_with("7\n"), "{ran:?}");
    let ran = stage.bash("rm ?; ls | wc -l").await;
    assert!(ran.end.disk_full && ran.end.code == Some(0), "{ran:?}");
    let ran = stage.bash("echo text > new; cat new").await;
    assert!(!ran.end.disk_full && ran.stdout == "text\n", "{ran:?}");
}

async fn one_that_holds_twice_what_it_may_is_refused_with_what_to_do(mut stage: Stage) {
    stage.settings.limits.workspace_files = 20;
    for number in 0..41 {
        fs::write(stage.workspace().join(number.to_string()), "x").unwrap();
    }
    let why = stage.try_run(["true"], PATIENCE).await.unwrap_err();
    assert!(why.contains("more than twice what it may") && why.contains("remove some"), "{why}");
    assert!(stage.sandbox().hold().await.is_ok(), "that says nothing of how programs can be confined");
}

async fn a_folder_that_is_closed_or_too_deep_hides_nothing(mut stage: Stage) {
    stage.settings.limits.workspace_bytes = 40 * MIB;
    let closed = "
os.mkdir('closed'); inside = os.open('closed', os.O_RDONLY)
os.fchdir(inside); os.fchmod(inside, 0o300)
fill('.')
";
    let ran = stage.python(&format!("{FILL}{closed}")).await;
    assert!(ran.end.disk_full && !ran.timed_out, "{ran:?}");
    let closed = stage.workspace().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    fs::remove_dir_all(closed).unwrap();
    let deep = "
for _ in range(200): os.mkdir('deep'); os.chdir('deep')
fill('.')
";
    let ran = stage.python(&format!("{FILL}{deep}")).await;
    assert!(ran.end.disk_full && !ran.timed_out, "{ran:?}");
}

/// Python that makes temporary folders which are hard to remove.
const UNREMOVABLE: &str = "
import os, time
os.chdir(os.environ['TMPDIR'])
os.makedirs(f'{mark}/a/b'); open(f'{mark}/a/b/c', 'w')
for folder in ['a/b', 'a']:
    os.fchmod(os.open(f'{mark}/{folder}', os.O_RDONLY), 0)
os.fchmod(os.open(f'{mark}', os.O_RDONLY), 0o500)
for _ in range(1000): os.mkdir('deep'); os.chdir('deep')
";

/// Whether the folder of a program is there that has made this.
fn is_there(mark: &str) -> bool {
    fs::read_dir("/tmp").unwrap().flatten().any(|entry| entry.path().join("tmp").join(mark).exists())
}

async fn temporary_files_are_removed_whatever_was_made_of_them(stage: Stage) {
    let mark = mark();
    let code = format!("mark = {mark:?}\n{UNREMOVABLE}\ntime.sleep(600)");
    let run = stage.try_run(["python3", "-c", &code], Duration::from_secs(2));
    let (ran, ()) = tokio::join!(run, eventually("it is there", || is_there(&mark).then_some(())));
    assert!(ran.unwrap().timed_out);
    eventually("they are gone", || (!is_there(&mark)).then_some(())).await;
}

async fn what_a_killed_keeper_left_is_removed_by_the_next_one(stage: Stage) {
    let mark = mark();
    let code = format!("mark = {mark:?}\n{UNREMOVABLE}\ntime.sleep(600)");
    let run = stage.try_run(["python3", "-c", &code], Duration::from_secs(600));
    let kill_the_keeper = async {
        eventually("it is there", || is_there(&mark).then_some(())).await;
        assert!(stage.sandbox().hold().await.is_ok());
        assert!(is_there(&mark), "a keeper that lives is left alone");
        let keepers = || {
            let found = bearing(&format!("sandbox-exec\0{}", stage.instance)).into_iter();
            found.filter(|pid| name(*pid) == "connix-keeper").collect::<Vec<_>>()
        };
        let keeper = eventually("one is left", || <[i32; 1]>::try_from(keepers()).ok()).await;
        kill(Pid::from_raw(keeper[0]), Signal::SIGKILL).unwrap();
    };
    let (ran, ()) = tokio::join!(run, kill_the_keeper);
    assert!(ran.unwrap_err().contains("gone"));
    eventually("its program has ended", || bearing(&mark).is_empty().then_some(())).await;
    assert!(is_there(&mark));
    assert!(stage.sandbox().hold().await.is_ok());
    eventually("they are gone", || (!is_there(&mark)).then_some(())).await;
}
