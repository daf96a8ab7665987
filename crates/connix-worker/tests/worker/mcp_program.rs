//! MCP servers that are programs: from a model's call to its result, and what becomes of the program. Needs what
//! `tests/sandbox` needs.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use connix_testkit::fake_mcp;
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

/// What is set of the server, besides its command.
struct Terms {
    mode: &'static str,
    timeout_ms: u64,
    containment: &'static str,
}

const USUAL: Terms = Terms { mode: "well", timeout_ms: 20_000, containment: "auto" };

/// An agent with the tools of the server.
async fn stage(terms: Terms) -> Stage {
    let model = FakeModel::start().await;
    let server = ScriptedServer::start(Some(&model.base_url())).await;
    let folder = folder_with_workspace();
    let registered = json!({
        "name": "tests",
        "program": {"command": fake_mcp::program("{workspace}", terms.mode), "env": {"SERVICE_KEY": "c4nary+of-ours"}},
        "timeout_ms": terms.timeout_ms,
        "secrets": ["c4nary+of-ours"]
    });
    server.equip(json!(["mcp:tests"]), json!({"mcp": [registered], "sandbox": {"containment": terms.containment}}));
    Stage { model, server, folder }
}

impl Stage {
    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    fn settings(&self) -> Settings {
        let keeper = KeeperProgram { path: program(), arguments: vec!["sandbox-exec".to_owned()] };
        Settings { workspace: self.workspace(), keeper, ..settings(&self.server.url(), true) }
    }

    /// The model's next answers: to call these tools one after the other, and that it is content.
    fn script(&self, calls: &[(&str, Value)]) {
        for (tool, arguments) in calls {
            self.model.reply(FakeReply::calls(&format!("mcp__tests__{tool}"), arguments));
        }
        self.model.reply(FakeReply::answer("done"));
        self.server.offer("task_1", json!("go"));
    }

    /// What the model is told by these tools.
    async fn told(&self, calls: &[(&str, Value)]) -> Vec<Value> {
        self.script(calls);
        let _worker = RunningWorker::start_with(self.settings());
        assert_eq!(self.server.call("complete").await["output"], "done");
        self.model.requests()[1..].iter().map(|request| request.tool_result()).collect()
    }

    fn offered(&self, request: usize) -> Vec<String> {
        let tools = &self.model.requests()[request].tools;
        tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The lines that the server has noted.
    fn noted(&self, what: &str) -> usize {
        fs::read_to_string(self.workspace().join(what)).unwrap_or_default().lines().count()
    }

    /// Processes of the server.
    fn processes(&self) -> Vec<i32> {
        let workspace = self.workspace().display().to_string();
        let numbers = fs::read_dir("/proc").unwrap().flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_ours = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.starts_with(b"python3\0") && String::from_utf8_lossy(&line).contains(&workspace)
        };
        numbers.filter(is_ours).collect()
    }
}

#[tokio::test]
async fn a_model_calls_a_servers_tools_however_programs_are_held() {
    for containment in ["namespace", "sweep"] {
        let stage = stage(Terms { containment, ..USUAL }).await;
        let told = stage.told(&[("echo", json!({"text": "hello"})), ("add", json!({"a": 2, "b": 3}))]).await;
        assert_eq!(told, [json!("hello"), json!({"sum": 5})], "{containment}");
        assert_eq!(stage.noted("started"), 1, "one process serves a task");
        let echo = &stage.model.requests()[0].tools[0]["function"];
        assert_eq!((&echo["name"], &echo["description"]), (&json!("mcp__tests__echo"), &json!("Says what it is told")));
        assert_eq!(echo["parameters"]["required"], json!(["text"]));
        eventually(|| stage.processes().is_empty()).await;
    }
}

#[tokio::test]
async fn one_of_a_servers_tools_may_be_named_alone_and_pages_are_followed() {
    let stage = stage(Terms { mode: "paged", ..USUAL }).await;
    stage.told(&[]).await;
    assert_eq!(stage.offered(0).len(), 11);

    let single = self::stage(USUAL).await;
    let registered =
        json!({"name": "tests", "program": {"command": fake_mcp::program("{workspace}", "well")}, "timeout_ms": 9000});
    single.server.equip(json!(["mcp:tests/add"]), json!({"mcp": [registered]}));
    let told = single.told(&[("echo", json!({"text": "x"}))]).await;
    assert_eq!(single.offered(0), ["mcp__tests__add"]);
    assert_eq!(told[0]["error"], "unknown_tool");
}

#[tokio::test]
async fn what_fails_is_told_in_the_servers_words() {
    let stage = stage(USUAL).await;
    let told = stage.told(&[("fail", json!({})), ("refuse", json!({}))]).await;
    assert_eq!(told[0], json!({"error": "tool_failed", "detail": "it cannot be done"}));
    assert_eq!(
        told[1],
        json!({"error": "mcp_error", "detail": "the MCP server answered with error -32602: cannot do that"})
    );
}

#[tokio::test]
async fn of_a_long_result_head_and_tail_are_told_and_of_a_picture_its_kind() {
    let stage = stage(USUAL).await;
    let told = stage.told(&[("long", json!({})), ("picture", json!({}))]).await;
    assert_eq!(told[0]["truncated"], true);
    assert!(
        told[0]["head"].as_str().unwrap().starts_with("first") && told[0]["tail"].as_str().unwrap().ends_with("last")
    );
    assert_eq!((&told[1]["content"][0]["text"], &told[1]["content"][1]["bytes"]), (&json!("a cat"), &json!(3)));
}

#[tokio::test]
async fn a_server_that_says_too_much_is_let_go_of_and_started_anew_by_the_next_call() {
    let stage = stage(USUAL).await;
    let told = stage.told(&[("huge", json!({})), ("echo", json!({"text": "again"}))]).await;
    assert_eq!(told[0]["error"], "result_too_large");
    assert_eq!((&told[1], stage.noted("started")), (&json!("again"), 2));
}

#[tokio::test]
async fn a_server_that_ends_in_a_call_is_started_anew_by_the_next_one() {
    let stage = stage(USUAL).await;
    let told = stage.told(&[("crash", json!({})), ("echo", json!({"text": "again"}))]).await;
    let detail = told[0]["detail"].as_str().unwrap();
    assert_eq!(told[0]["error"], "mcp_server_gone");
    assert!(detail.contains("exit code 3") && !detail.contains("out of ideas"), "{detail}");
    assert_eq!((&told[1], stage.noted("started")), (&json!("again"), 2));
}

#[tokio::test]
async fn a_call_over_its_time_is_called_off_and_the_server_is_told() {
    let stage = stage(Terms { timeout_ms: 1500, ..USUAL }).await;
    let told = stage.told(&[("wait", json!({})), ("echo", json!({"text": "still here"}))]).await;
    assert_eq!(told[0]["error"], "timed_out");
    assert_eq!((&told[1], stage.noted("started"), stage.noted("cancelled")), (&json!("still here"), 1, 1));
}

#[tokio::test]
async fn a_changed_list_of_tools_is_offered_at_the_next_step() {
    let stage = stage(USUAL).await;
    let told = stage.told(&[("grow", json!({})), ("grown", json!({}))]).await;
    assert_eq!(told[1], "I am new");
    assert!(!stage.offered(0).contains(&"mcp__tests__grown".to_owned()));
    assert!(stage.offered(1).contains(&"mcp__tests__grown".to_owned()));
}

#[tokio::test]
async fn what_is_no_server_is_not_offered_and_says_why() {
    for (mode, reason) in [
        ("garbage", "2 lines of what it prints are no messages"),
        ("silent", "did not answer `initialize` within 1 s"),
        ("refuses", "answered `initialize` with error -32000: no licence"),
        ("dies", "ended with exit code 7"),
    ] {
        let stage = stage(Terms { mode, timeout_ms: 1900, ..USUAL }).await;
        stage.script(&[("echo", json!({"text": "x"}))]);
        stage.server.offer("task_2", json!("and now?"));
        let _worker = RunningWorker::start_with(stage.settings());
        stage.server.call_where("complete", |body| body["output"] == "You said: and now?").await;
        assert!(stage.offered(0).is_empty(), "{mode}");
        let told = stage.model.requests()[1].tool_result();
        assert_eq!(told["error"], "tool_unavailable", "{mode}");
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.starts_with("'mcp:tests' cannot be used") && detail.contains(reason), "{mode}: {detail}");
        assert_eq!(stage.noted("started"), 1, "{mode}: nothing is tried over and over, by another task neither");
        eventually(|| stage.processes().is_empty()).await;
    }
}

#[tokio::test]
async fn a_server_has_the_operators_variables_and_neither_the_agents_nor_its_folder_around_it() {
    let stage = stage(USUAL).await;
    stage.server.set_environment(json!({"PYTHONPATH": "/workspace", "AGENTS_OWN": "yes"}));
    let found = &stage.told(&[("surroundings", json!({}))]).await[0];
    let variables = &found["variables"];
    assert_eq!(variables["SERVICE_KEY"], "***", "the operator's secret is not told");
    assert!(variables["AGENTS_OWN"].is_null() && variables["PYTHONPATH"].is_null(), "{variables}");
    let workspace = stage.workspace().display().to_string();
    assert!(found["folder"] != workspace && found["home"] == found["folder"], "{found}");
}

/// F38.
#[tokio::test]
async fn a_cancelled_tasks_server_ends() {
    let stage = stage(USUAL).await;
    stage.script(&[("wait", json!({}))]);
    let _worker = RunningWorker::start_with(stage.settings());
    eventually(|| stage.noted("waiting") == 1).await;
    let cancelled = Instant::now();
    stage.server.cancel("task_1");
    stage.server.call("cancelled").await;
    eventually(|| stage.processes().is_empty()).await;
    assert!(cancelled.elapsed() < Duration::from_secs(4), "{:?}", cancelled.elapsed());
}

/// F39: in a call and between two of them.
#[tokio::test]
async fn a_paused_agents_server_stands_still() {
    let stopped = |stage: &Stage| {
        let stat = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let processes = stage.processes();
        let stands = |pid: &i32| stat(pid).rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" T"));
        !processes.is_empty() && processes.iter().all(stands)
    };
    for containment in ["namespace", "sweep"] {
        let stage = stage(Terms { containment, timeout_ms: 3000, ..USUAL }).await;
        stage.model.reply(FakeReply::calls("mcp__tests__wait", &json!({})));
        stage.model.reply(FakeReply::calls("mcp__tests__echo", &json!({"text": "on"})).after(Duration::from_secs(1)));
        stage.model.reply(FakeReply::answer("done"));
        stage.server.offer("task_1", json!("go"));
        let grace = Duration::from_millis(50);
        let _worker = RunningWorker::start_with(Settings { pause_grace: grace, ..stage.settings() });
        eventually(|| stage.noted("waiting") == 1).await;
        stage.server.direct("pause");
        eventually(|| stopped(&stage)).await;
        stage.server.direct("run");
        eventually(|| !stopped(&stage)).await;

        stage.model.wait_for_requests(2).await;
        stage.server.direct("pause");
        eventually(|| stopped(&stage)).await;
        stage.server.direct("run");
        stage.server.call("complete").await;
        let told: Vec<_> = stage.model.requests()[1..].iter().map(|request| request.tool_result()).collect();
        assert_eq!((&told[0]["error"], &told[1]), (&json!("timed_out"), &json!("on")), "{containment}");
        assert_eq!(stage.noted("started"), 1);
    }
}

/// F07: by each mechanism, and whoever is killed.
#[tokio::test]
async fn a_server_dies_with_its_worker_and_with_the_lifeline() {
    for containment in ["namespace", "sweep"] {
        for is_killed in [true, false] {
            let stage = stage(Terms { containment, ..USUAL }).await;
            stage.script(&[("wait", json!({}))]);
            let (worker, mut lifeline) = launch();
            std::io::Write::write_all(&mut lifeline, handshake(&stage.server, &stage.workspace()).as_bytes()).unwrap();
            eventually(|| stage.noted("waiting") == 1).await;
            let ended = Instant::now();
            if is_killed {
                kill(Pid::from_raw(worker.id().cast_signed()), Signal::SIGKILL).unwrap();
            } else {
                drop(lifeline);
            }
            end_of(worker).await;
            eventually(|| stage.processes().is_empty()).await;
            assert!(
                ended.elapsed() < Duration::from_secs(5),
                "{containment}, killed: {is_killed}: {:?}",
                ended.elapsed()
            );
        }
    }
}

/// F07, F08: by what the server says of its tools.
#[tokio::test]
async fn a_call_that_broke_off_is_made_again_only_where_the_server_says_that_it_does_no_harm() {
    for (tool, expected) in [("echo", json!("again")), ("fail", json!("outcome_unknown"))] {
        let stage = stage(USUAL).await;
        let arguments = json!({"text": "again"}).to_string();
        let call = json!({"id": "call_1", "name": format!("mcp__tests__{tool}"), "arguments": arguments});
        let entry = |seq: i64, kind: &str, data: Value| json!({"seq": seq, "attempt": 1, "kind": kind, "data": data, "at": "2024-01-15T16:20:00Z"});
        let journal = json!([
            entry(1, "llm.request", json!({"step": 1})),
            entry(2, "llm.response", json!({"content": "", "tool_calls": [call]})),
            entry(3, "tool.started", json!({"call_id": "call_1", "name": format!("mcp__tests__{tool}")})),
        ]);
        stage.server.offer_again("task_1", json!("go"), 2, journal);
        let _worker = RunningWorker::start_with(stage.settings());
        stage.server.call("complete").await;
        let told = stage.model.requests()[0].tool_result();
        assert!(told == expected || told["error"] == expected, "{tool}: {told}");
    }
}
