//! A program is confined or it does not run (A15); and what an operator chose is done.

use connix_worker::sandbox::{Hold, find_out};
use connix_worker_protocol::sandbox::{Containment, SandboxMode};

use crate::stage::{PATIENCE, Stage, however_held};

however_held![unconfined_by_choice_it_runs_as_the_worker_and_ends_like_any_other];

async fn unconfined_by_choice_it_runs_as_the_worker_and_ends_like_any_other(mut stage: Stage) {
    stage.settings.mode = SandboxMode::None;
    let mark = crate::processes::mark();
    let ran = stage.bash(&format!("id -u; head -c 5 /etc/passwd; (setsid bash -c 'sleep 600; : {mark}' &)")).await;
    assert_eq!(ran.stdout, format!("{}\nroot:", nix::unistd::geteuid()), "{ran:?}");
    assert!(crate::processes::bearing(&mark).is_empty());
}

/// Root's own folders are closed to the user that programs run as: seen by trying, not by looking.
#[tokio::test]
async fn a_workspace_that_cannot_be_reached_is_a_reason_that_says_what_to_do() {
    if !nix::unistd::geteuid().is_root() {
        return; // a user's own folders are open to its programs
    }
    let stage = Stage::new(Containment::Sweep);
    std::fs::set_permissions(stage.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let why = stage.try_run(["true"], PATIENCE).await.unwrap_err();
    assert!(why.contains("chmod o+x"), "{why}");
    let mut stage = Stage::new(Containment::Namespace);
    std::fs::set_permissions(stage.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(stage.bash("echo reached > $PWD/file; cat $HOME/file").await.stdout, "reached\n");
    stage.settings.containment = Containment::Auto;
    assert_eq!(stage.sandbox().hold().await, Ok(Hold::Namespace), "the better way is taken");
}

/// Whoever starts a worker as root in a folder of root's, `/` perhaps, must not find it given away.
#[tokio::test]
async fn a_folder_that_is_somebody_s_stays_so_and_root_s_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return; // whoever is not root gives nothing away
    }
    let stage = Stage::new(Containment::Namespace);
    let owner = || std::os::unix::fs::MetadataExt::uid(&stage.workspace().metadata().unwrap());
    let sandbox = || stage.sandbox().in_its_owner_s_folder();
    let why = sandbox().hold().await.unwrap_err();
    assert!(why.contains("do not run as root"), "{why}");
    assert_eq!(owner(), 0);
    std::os::unix::fs::chown(stage.workspace(), Some(4711), Some(4711)).unwrap();
    assert_eq!(sandbox().hold().await, Ok(Hold::Namespace));
    assert_eq!(stage.run_in(sandbox(), ["id", "-u"]).await.stdout, "4711\n");
    assert_eq!(owner(), 4711);
}

/// Says by its failure what this host lacks, for all other cases.
#[tokio::test]
async fn this_host_has_all_that_the_sandbox_needs() {
    for containment in [Containment::Namespace, Containment::Sweep] {
        let stage = Stage::new(containment);
        let found = find_out(&stage.sandbox()).await;
        assert!(found.hold.is_ok() && found.python.is_ok() && found.bash.is_ok(), "{containment:?}: {found:?}");
    }
}
