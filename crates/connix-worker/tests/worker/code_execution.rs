//! `code_execution` from a model's call to its result, in a worker and in a worker's process. Needs what
//! `tests/sandbox` needs.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use connix_testkit::fake_model::{FakeModel, FakeReply};
use connix_worker::Settings;
use connix_worker::sandbox::KeeperProgram;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::eventually::eventually;
use crate::process::{end_of, handshake, launch, program};
use crate::running_worker::{RunningWorker, settings};
use crate::scripted_server::ScriptedServer;
use crate::workspace::folder_with_workspace;

struct Stage {
    model: FakeModel,
    server: ScriptedServer,
    folder: TempDir,
}

/// An agent with the tool, whose model calls it with this program and is then content.
async fn stage(language: &str, code: &str, sandbox: Value) -> Stage {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    server.equip(json!(["code_execution"]), json!({ "sandbox": sandbox }));
    model.reply(FakeReply::calls("code_execution", &json!({"language": language, "code": code})));
    model.reply(FakeReply::answer("done"));
    server.offer("task_1", json!("go"));
    let folder = folder_with_workspace();
    Stage { model, server, folder }
}

impl Stage {
    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    fn start(&self) -> RunningWorker {
        RunningWorker::start_with(self.settings())
    }

    fn settings(&self) -> Settings {
        let keeper = KeeperProgram { path: program(), arguments: vec!["sandbox-exec".to_owned()] };
        Settings { workspace: self.workspace(), keeper, ..settings(&self.server.url(), true) }
    }

    /// What the model was told.
    async fn result(&self) -> Value {
        self.server.call("complete").await;
        self.model.requests()[1].tool_result()
    }
}

#[tokio::test]
async fn a_model_gets_what_its_program_printed_and_the_file_it_wrote_is_in_the_workspace() {
    let code =
        "import sys\nopen('out.txt', 'w').write('x' * 3)\nprint(6 * 7)\nprint('oh', file=sys.stderr)\nsys.exit(3)";
    let stage = stage("python", code, json!({})).await;
    let _worker = stage.start();
    let mut result = stage.result().await;
    assert!(result["duration"].as_f64().unwrap() > 0.0);
    result.as_object_mut().unwrap().remove("duration");
    let files_changed = json!([{"path": "out.txt", "change": "created"}]);
    let expected = json!({
        "exit_code": 3, "stdout": "42\n", "stderr": "oh\n", "timed_out": false, "files_changed": files_changed
    });
    assert_eq!(result, expected);
    assert_eq!(fs::read_to_string(stage.workspace().join("out.txt")).unwrap(), "xxx");
}

/// A14: over two writes, in another form, and where what is kept of a long output is cut.
#[tokio::test]
async fn a_program_that_prints_its_secrets_prints_masks() {
    let code = "import base64, os, sys\n\
                secret = os.environ['SERVICE_TOKEN']\n\
                for at in range(len(secret) + 1):\n    \
                    sys.stdout.write(secret[:at]); sys.stdout.flush()\n    \
                    sys.stdout.write(secret[at:] + '\\n'); sys.stdout.flush()\n\
                print(base64.b64encode(b'xy' + secret.encode()).decode())\n\
                print(secret * 9000)\n\
                sys.exit(secret)";
    let stage = stage("python", code, json!({})).await;
    stage.server.confide(json!({"SERVICE_TOKEN": "c4nary+of-ours"}));
    let _worker = stage.start();
    let result = stage.result().await;
    let printed = result["stdout"].as_str().unwrap();
    assert!(printed.starts_with(&"***\n".repeat(15)), "{printed}");
    assert_eq!((&result["exit_code"], &result["stderr"]), (&json!(1), &json!("***\n")));
    let told: Vec<String> = stage.model.requests().iter().map(|request| json!(request.messages).to_string()).collect();
    let reported = ["events", "logs", "complete"].map(|name| format!("{:?}", stage.server.calls(name)));
    for text in told.iter().chain(&reported) {
        for form in ["c4nary", "nary+of", "jNG5hcnkrb2Ytb3Vy"] {
            assert!(!text.contains(form), "{form} in {text}");
        }
    }
}

#[tokio::test]
async fn arguments_that_are_none_are_explained_to_the_model() {
    let stage = stage("cobol", "DISPLAY 'HELLO'", json!({})).await;
    let _worker = stage.start();
    let result = stage.result().await;
    assert_eq!(result["error"], "invalid_arguments");
    assert!(result["detail"].as_str().unwrap().contains("python"), "{result}");
}

#[tokio::test]
async fn memory_that_is_not_there_is_a_result_and_the_worker_goes_on() {
    let stage = stage("python", "x = bytearray(2 << 30)", json!({})).await;
    let _worker = stage.start();
    let result = stage.result().await;
    assert!(result["exit_code"] == 1 && result["stderr"].as_str().unwrap().contains("MemoryError"), "{result}");
    stage.server.offer("task_2", json!("and now?"));
    stage.server.call_where("complete", |body| body["output"] == "You said: and now?").await;
}

/// F38: the program is gone within a second.
#[tokio::test]
async fn a_cancelled_task_s_program_ends() {
    let stage = stage("bash", "echo $$ > begun; exec sleep 600", json!({})).await;
    let _worker = stage.start();
    let alive = || !sleepers(&stage).is_empty();
    eventually(alive).await;
    let cancelled = Instant::now();
    stage.server.cancel("task_1");
    stage.server.call("cancelled").await;
    eventually(|| !alive()).await;
    assert!(cancelled.elapsed() < Duration::from_secs(3), "{:?}", cancelled.elapsed());
}

/// A program that counts to 5, and stands because its agent is paused.
async fn paused(containment: &str) -> (Stage, RunningWorker) {
    let code = "(setsid sleep 600 &); for i in 1 2 3 4 5; do echo $i >> count; sleep 0.3; done";
    let stage = stage("bash", code, json!({ "containment": containment })).await;
    let worker = RunningWorker::start_with(Settings { pause_grace: Duration::from_millis(100), ..stage.settings() });
    eventually(|| stage.count().ends_with("2\n")).await;
    stage.server.direct("pause");
    stage.server.state_said("parked").await;
    let stands = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" T"))
    };
    eventually(|| !sleepers(&stage).is_empty() && sleepers(&stage).iter().all(stands)).await;
    (stage, worker)
}

impl Stage {
    fn count(&self) -> String {
        fs::read_to_string(self.workspace().join("count")).unwrap_or_default()
    }

    /// The program goes on when the agent does, and comes to its end.
    async fn goes_on(&self) {
        self.server.direct("run");
        let result = self.result().await;
        assert_eq!((&result["exit_code"], &result["timed_out"]), (&json!(0), &json!(false)), "{result}");
        assert_eq!(self.count(), "1\n2\n3\n4\n5\n");
    }
}

/// Longer than it has left to count.
const PAUSE: Duration = Duration::from_secs(2);

/// F39: by each mechanism, as an agent's pause does it. Its time stands still with it.
#[tokio::test]
async fn a_paused_agent_s_program_stands_still_and_goes_on_with_the_agent() {
    for containment in ["namespace", "sweep"] {
        let (stage, _worker) = paused(containment).await;
        let before = stage.count();
        tokio::time::sleep(PAUSE).await;
        assert_eq!(stage.count(), before, "{containment}");
        stage.goes_on().await;
    }
}

#[tokio::test]
async fn a_paused_agent_s_program_stands_still_while_the_server_is_not_heard() {
    let (mut stage, _worker) = paused("sweep").await;
    let before = stage.count();
    stage.server.go_away();
    tokio::time::sleep(PAUSE).await;
    assert_eq!(stage.count(), before, "a silent server has taken nothing back");
    stage.server.come_back().await;
    stage.goes_on().await;
}

/// A program that flees as far as it can: a process of its own session, of which nobody is the parent.
const FLEEING: &str = "setsid bash -c 'setsid sleep 600 & sleep 600' & echo begun > begun; sleep 600";

/// F07, F11: by each mechanism.
#[tokio::test]
async fn nothing_outlives_a_worker_that_is_killed() {
    for containment in ["namespace", "sweep"] {
        let stage = stage("bash", FLEEING, json!({ "containment": containment })).await;
        let (worker, mut lifeline) = launch();
        std::io::Write::write_all(&mut lifeline, handshake(&stage.server, &stage.workspace()).as_bytes()).unwrap();
        eventually(|| sleepers(&stage).len() >= 3).await;
        kill(Pid::from_raw(worker.id().cast_signed()), Signal::SIGKILL).unwrap();
        let killed = Instant::now();
        end_of(worker).await;
        eventually(|| sleepers(&stage).is_empty()).await;
        assert!(killed.elapsed() < Duration::from_secs(5), "{containment}: {:?}", killed.elapsed());
    }
}

/// The server's end is the end of the lifeline.
#[tokio::test]
async fn nothing_outlives_a_server_that_is_killed() {
    for containment in ["namespace", "sweep"] {
        let stage = stage("bash", FLEEING, json!({ "containment": containment })).await;
        let (worker, mut lifeline) = launch();
        std::io::Write::write_all(&mut lifeline, handshake(&stage.server, &stage.workspace()).as_bytes()).unwrap();
        eventually(|| sleepers(&stage).len() >= 3).await;
        drop(lifeline);
        let killed = Instant::now();
        end_of(worker).await;
        eventually(|| sleepers(&stage).is_empty()).await;
        assert!(killed.elapsed() < Duration::from_secs(5), "{containment}: {:?}", killed.elapsed());
    }
}

/// F07: a call that must not be made twice is not.
#[tokio::test]
async fn after_a_crash_the_model_is_told_that_the_outcome_is_unknown() {
    let stage = stage("bash", "echo once >> runs", json!({})).await;
    let call = json!({"id": "call_1", "name": "code_execution", "arguments": "{\"language\":\"bash\",\"code\":\"echo x >> runs\"}"});
    let entry = |seq: i64, kind: &str, data: Value| json!({"seq": seq, "attempt": 1, "kind": kind, "data": data, "at": "2024-01-15T16:20:00Z"});
    let journal = json!([
        entry(1, "llm.request", json!({"step": 1})),
        entry(2, "llm.response", json!({"content": "", "tool_calls": [call]})),
        entry(3, "tool.started", json!({"call_id": "call_1", "name": "code_execution"})),
    ]);
    stage.server.offer_again("task_2", json!("go"), 2, journal);
    let _worker = stage.start();
    stage.server.call_where("complete", |_| true).await;
    eventually(|| stage.model.requests().len() >= 3).await;
    let told: Vec<_> = stage.model.requests().iter().map(|request| request.tool_result()).collect();
    assert!(told.iter().any(|result| result["error"] == "outcome_unknown"), "{told:?}");
    assert_eq!(fs::read_to_string(stage.workspace().join("runs")).unwrap(), "once\n");
}

/// Processes of this stage's program that sleep: in its workspace they are.
fn sleepers(stage: &Stage) -> Vec<i32> {
    let workspace = stage.workspace();
    let numbers = fs::read_dir("/proc").unwrap().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let sleeps = |pid: &i32| {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let at = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        comm == "sleep\n" && at == workspace
    };
    numbers.filter(sleeps).collect()
}
