//! How a worker is started.

use std::os::unix::fs::PermissionsExt;

use connix_domain::agent::RuntimeKind;
use connix_domain::port::runtime::{AgentRuntime, LaunchError};
use connix_runtime::WorkerProgram;

use crate::stage::{AGENT, is_alive, stage, stage_of};

#[tokio::test]
async fn a_worker_is_told_everything_on_its_standard_input() {
    let stage = stage("read -r line; printf '%s\\n' \"$line\" > handshake; cat > /dev/null");
    stage.launch(1).await.unwrap();
    let line: serde_json::Value = serde_json::from_str(&stage.written("handshake").await).unwrap();
    let instance = line["instance"].as_str().unwrap().to_owned();
    assert!(instance.ends_with(&format!("/{AGENT}/1")), "{instance}");
    let lock = stage.folder.path().join(format!("run/{AGENT}.lock"));
    assert_eq!(
        line,
        serde_json::json!({
            "server_url": "http://127.0.0.1:8080", "token": "cxw_token",
            "lock_path": lock, "workspace": stage.workspace(), "instance": instance
        })
    );
}

#[tokio::test]
async fn a_worker_sees_no_variable_of_the_server() {
    let stage = stage_of(WorkerProgram { path: "/usr/bin/env".into(), name: "env".into(), arguments: vec![] });
    stage.launch(1).await.unwrap();
    let printed = stage.exit().await.exit.detail;
    let mut names: Vec<_> = printed.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TMPDIR", "TZ"]);
}

#[tokio::test]
async fn a_worker_works_in_its_projects_private_workspace() {
    let stage = stage("pwd -P > where; cat > /dev/null");
    stage.launch(1).await.unwrap();
    let workspace = stage.workspace().canonicalize().unwrap();
    assert_eq!(stage.written("where").await.trim(), workspace.to_str().unwrap());
    assert_eq!(workspace.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_worker_leads_its_own_process_group() {
    let stage = stage("cut -d' ' -f1,5 /proc/$$/stat > ids; cat > /dev/null");
    stage.launch(1).await.unwrap();
    let ids = stage.written("ids").await;
    let (pid, group) = ids.trim().split_once(' ').unwrap();
    assert_eq!(pid, group);
}

#[tokio::test]
async fn an_instance_is_launched_once_however_often_it_is_asked_for() {
    let stage = stage("echo $$ >> pids; cat > /dev/null");
    stage.launch(1).await.unwrap();
    let first = stage.written("pids").await;
    stage.launch(1).await.unwrap();
    stage.runtime().kill(AGENT, 1).await;
    stage.exit().await;
    assert_eq!(stage.written("pids").await, first);
}

#[tokio::test]
async fn a_program_that_is_missing_or_no_program_is_fatal() {
    let missing = |path: &str| WorkerProgram { path: path.into(), name: "connix".into(), arguments: vec![] };
    for path in ["/no/such/program", "/etc/passwd"] {
        let error = stage_of(missing(path)).launch(1).await.unwrap_err();
        assert!(matches!(&error, LaunchError::Fatal(why) if why.contains(path)), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_is_launched_after_the_end() {
    let stage = stage("cat > /dev/null");
    stage.runtime().shut_down(std::time::Duration::ZERO).await;
    assert!(matches!(stage.launch(1).await, Err(LaunchError::Retryable(_))));
}

#[tokio::test]
async fn the_own_program_is_the_one_that_runs() {
    assert_eq!(stage("true").runtime().kind(), RuntimeKind::Local);
    let own = WorkerProgram::own();
    assert_eq!(own.path.canonicalize().unwrap(), std::env::current_exe().unwrap());
    assert_eq!(own.arguments, ["worker"]);
    assert!(is_alive("self"));
}
