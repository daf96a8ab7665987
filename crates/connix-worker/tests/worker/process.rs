//! The worker as a process: the handshake on its standard input, which is its lifeline.
//!
//! The program is `examples/local_worker.rs`, which does what `connix worker` does.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use connix_testkit::fake_model::{FakeModel, FakeReply};
use connix_worker_protocol::exit_code;
use connix_worker_protocol::handshake::LaunchHandshake;
use connix_worker_protocol::secret::Secret;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::eventually::PATIENCE;
use crate::scripted_server::ScriptedServer;

pub(crate) fn program() -> PathBuf {
    // target/debug/deps/worker-… → target/debug/examples/local_worker
    let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    target.join("examples/local_worker")
}

pub(crate) fn launch() -> (Child, ChildStdin) {
    let mut command = Command::new(program());
    command.stdin(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    (child, stdin)
}

pub(crate) fn handshake(server: &ScriptedServer, folder: &std::path::Path) -> String {
    let handshake = LaunchHandshake {
        server_url: server.url(),
        token: Secret::new("cxw_token"),
        lock_path: folder.join("agent.lock"),
        workspace: folder.to_owned(),
        instance: "test/agent_1/1".to_owned(),
    };
    handshake.to_line().unwrap()
}

pub(crate) async fn end_of(mut child: Child) -> ExitStatus {
    tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap()
}

#[tokio::test]
async fn the_end_of_the_lifeline_ends_the_worker_at_once() {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    model.reply(FakeReply::answer("late").after(std::time::Duration::from_secs(600)));
    server.offer("task_1", json!("x"));
    let folder = tempfile::tempdir().unwrap();
    let (child, mut lifeline) = launch();
    lifeline.write_all(handshake(&server, folder.path()).as_bytes()).unwrap();
    model.wait_for_requests(1).await;

    drop(lifeline);
    assert_eq!(end_of(child).await.signal(), Some(Signal::SIGKILL as i32), "it ends with its whole group");
    assert!(server.calls("end").is_empty());
}

#[tokio::test]
async fn a_termination_signal_drains() {
    let server = ScriptedServer::start(None).await;
    let folder = tempfile::tempdir().unwrap();
    let (child, mut lifeline) = launch();
    lifeline.write_all(handshake(&server, folder.path()).as_bytes()).unwrap();
    server.call("claim").await;

    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(end_of(child).await.code(), Some(i32::from(exit_code::TOLD_TO_LEAVE)));
    assert_eq!(server.call("end").await["code"], 0);
}

#[tokio::test]
async fn a_second_worker_waits_until_the_first_has_gone() {
    let server = ScriptedServer::start(None).await;
    let folder = tempfile::tempdir().unwrap();
    let (first, mut lifeline_of_first) = launch();
    lifeline_of_first.write_all(handshake(&server, folder.path()).as_bytes()).unwrap();
    server.call("sessions").await;
    let nonce = server.calls("sessions")[0].body["nonce"].clone();

    let (second, mut lifeline_of_second) = launch();
    lifeline_of_second.write_all(handshake(&server, folder.path()).as_bytes()).unwrap();
    server.state_said("idle").await;
    assert_eq!(server.calls("sessions").len(), 1);
    drop(lifeline_of_first);
    end_of(first).await;
    server.call_where("sessions", |body| body["nonce"] != nonce).await;
    drop(lifeline_of_second);
    end_of(second).await;
}

#[tokio::test]
async fn a_worker_holds_no_file_of_its_servers_launcher() {
    let server = ScriptedServer::start(None).await;
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = nix::unistd::pipe().unwrap(); // not close-on-exec, as a shell's would be
    let (child, mut lifeline) = launch();
    drop(writer);
    lifeline.write_all(handshake(&server, folder.path()).as_bytes()).unwrap();

    let end_of_pipe = tokio::task::spawn_blocking(move || std::fs::File::from(reader).read(&mut [0; 8]).unwrap());
    let end_of_pipe = tokio::time::timeout(PATIENCE, end_of_pipe).await.expect("nobody holds the pipe any more");
    assert_eq!(end_of_pipe.unwrap(), 0);
    server.call("claim").await;
    drop(lifeline);
    end_of(child).await;
}

#[tokio::test]
async fn a_line_that_is_no_handshake_ends_the_worker_with_64() {
    for line in ["", "{}\n"] {
        let (child, mut lifeline) = launch();
        lifeline.write_all(line.as_bytes()).unwrap();
        drop(lifeline);
        assert_eq!(end_of(child).await.code(), Some(i32::from(exit_code::USAGE)), "{line:?}");
    }
}
