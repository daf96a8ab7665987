//! Programs that a model writes, run by real workers of a real server (F07, F11, F14, F52; A06–A08).
//!
//! Needs what the sandbox needs: Linux with Landlock, root or user namespaces, `python3` and `bash` below `/usr`. The first
//! case says by its failure what is missing.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use connix_tests::{
    Agent, FakeModel, FakeReply, Installation, Server, Settings, Store, eventually, processes_in, with_every_store,
    workers_of,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

with_every_store![
    this_host_can_confine_programs_and_the_status_says_how,
    a_model_gets_what_its_program_printed_and_the_file_is_in_the_projects_workspace,
    a_program_sees_nothing_of_the_server_nor_of_another_project,
    two_gibibytes_of_memory_are_not_given_and_the_agent_goes_on,
    a_fork_bomb_leaves_the_server_and_the_agent_as_they_were,
    what_has_lost_its_keeper_is_ended_while_its_worker_goes_on,
    nothing_of_a_program_outlives_a_killed_server,
    a_killed_worker_takes_its_program_along_and_does_not_run_it_again,
    a_cancelled_tasks_program_ends,
];

/// Long enough that nothing ends by itself within a test.
const NEVER: &str = "sleep 600";
/// Nothing may be left of what was killed after this long.
const LEFT: Duration = Duration::from_secs(5);

struct Stage {
    model: FakeModel,
    server: Server,
    agent: Agent,
    workspace: PathBuf,
}

/// An agent that may run programs. `containment` is how their processes are held together.
async fn stage(store: Store, containment: &str) -> Stage {
    let model = FakeModel::start().await;
    let settings = Settings::with_model(&model).with("runtime.programs.containment", containment);
    let installation = Installation::new(store, settings);
    installation.open_workspaces();
    let server = Server::start_on(installation);
    let client = server.client();
    let project = client.project().await;
    let config = json!({ "config": { "tools": ["code_execution"] } });
    let agent = client.agent(&project, config).await;
    agent.reaches("running").await;
    let workspace = server.installation.workspaces().join(&project.uid);
    Stage { model, agent, workspace, server }
}

impl Stage {
    /// The model's next answer is to run this.
    fn writes(&self, language: &str, code: &str) {
        self.model.reply(FakeReply::calls("code_execution", &json!({ "language": language, "code": code })));
    }

    /// What the model is told of the program, once it has run.
    async fn result_of(&self, language: &str, code: &str) -> Value {
        let asked = self.model.requests().len();
        self.writes(language, code);
        self.model.reply(FakeReply::answer("done"));
        self.agent.task("go").await.reaches("completed").await;
        self.model.requests()[asked + 1].tool_result()
    }

    /// Processes of programs, which work in the workspace; the worker works there too.
    fn programs(&self) -> Vec<i32> {
        let found = processes_in(&self.workspace);
        found.into_iter().filter(|pid| name_of(*pid) == "sleep").collect()
    }
}

fn name_of(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

async fn this_host_can_confine_programs_and_the_status_says_how(store: Store) {
    let stage = stage(store, "auto").await;
    let status = stage.server.anonymous().get("/api/v1/status").await.expect(200);
    assert_eq!(
        status["components"]["sandbox"],
        json!({ "mode": "strict", "available": true, "reason": null, "containment": "namespace" })
    );
    let unconfined = Server::start(store, Settings::with_model(&stage.model).with("runtime.sandbox", "none"));
    let status = unconfined.anonymous().get("/api/v1/status").await.expect(200);
    assert_eq!(status["components"]["sandbox"]["mode"], "none");
}

async fn a_model_gets_what_its_program_printed_and_the_file_is_in_the_projects_workspace(store: Store) {
    let stage = stage(store, "auto").await;
    let code = "open('answer.txt', 'w').write('forty-two')\nprint(sum(range(10)))\nraise SystemExit(3)";
    let result = stage.result_of("python", code).await;
    assert_eq!(
        (&result["exit_code"], &result["stdout"], &result["timed_out"]),
        (&json!(3), &json!("45\n"), &json!(false))
    );
    assert_eq!(result["files_changed"], json!([{ "path": "answer.txt", "change": "created" }]));
    assert_eq!(fs::read_to_string(stage.workspace.join("answer.txt")).unwrap(), "forty-two");
    let result = stage.result_of("bash", "cat answer.txt; echo oh >&2").await;
    assert_eq!((&result["stdout"], &result["stderr"]), (&json!("forty-two"), &json!("oh\n")));
}

async fn a_program_sees_nothing_of_the_server_nor_of_another_project(store: Store) {
    for containment in ["namespace", "sweep"] {
        let stage = stage(store, containment).await;
        let other = stage.server.client().running_agent(&stage.server.client().project().await, "gpt-4").await;
        let others = stage.workspace.parent().unwrap().join(other.created["project_id"].as_str().unwrap());
        fs::write(others.join("secret.txt"), "secret").unwrap();
        std::os::unix::fs::symlink(&others, stage.workspace.join("link")).unwrap();
        let (data, port) = (stage.server.installation.data_folder(), stage.server.installation.listen.port());
        let code = format!(
            "
import os, socket, signal
def denied(what, attempt):
    try:
        attempt()
        print('POSSIBLE', what)
    except OSError:
        print('denied')
for path in ['/etc/passwd', {data:?} + '/master.key', {data:?} + '/connix.db', {others:?} + '/secret.txt', 'link/secret.txt',
             '/proc/{server}/environ', '/proc/{worker}/environ', '/proc/self/maps']:
    denied(path, lambda: open(path, 'rb').read())
denied('process table', lambda: os.listdir('/proc'))
denied('other projects', lambda: os.listdir({workspaces:?}) and os.listdir({others:?}))
denied('tcp', lambda: socket.create_connection(('127.0.0.1', {port}), 1))
denied('udp', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port})))
denied('the server', lambda: os.kill({server}, signal.SIGKILL))
denied('the worker', lambda: os.kill({worker}, signal.SIGKILL))
print('over')
",
            server = stage.server.pid(),
            worker = workers_of(&stage.server)[0],
            workspaces = others.parent().unwrap(),
        );
        let result = stage.result_of("python", &code).await;
        let printed = result["stdout"].as_str().unwrap();
        assert!(printed.ends_with("over\n") && !printed.contains("POSSIBLE"), "{containment}: {result}");
        assert_eq!(printed.matches("denied").count(), 14, "{containment}: {result}");
    }
}

async fn two_gibibytes_of_memory_are_not_given_and_the_agent_goes_on(store: Store) {
    for containment in ["namespace", "sweep"] {
        let stage = stage(store, containment).await;
        let result = stage.result_of("python", "print(len(b'x' * (2 << 30)))").await;
        assert_eq!((&result["exit_code"], &result["stdout"]), (&json!(1), &json!("")), "{containment}: {result}");
        assert!(result["stderr"].as_str().unwrap().contains("MemoryError"), "{containment}: {result}");
        assert_eq!(stage.result_of("bash", "echo fine").await["stdout"], "fine\n");
        assert_eq!(stage.agent.get().await["runtime"]["incarnation"], 1, "the worker lives on");
    }
}

async fn a_fork_bomb_leaves_the_server_and_the_agent_as_they_were(store: Store) {
    for containment in ["namespace", "sweep"] {
        let stage = stage(store, containment).await;
        stage.writes("bash", "b() { b | b & }; b; sleep 5");
        stage.model.reply(FakeReply::answer("done"));
        let task = stage.agent.task("go").await;
        stage.model.wait_for_requests(1).await;
        let client = stage.server.client();
        for _ in 0..20 {
            let asked = Instant::now();
            client.get(&stage.agent.path("")).await.expect(200);
            assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        }
        task.reaches("completed").await;
        assert_eq!(stage.agent.get().await["runtime"]["incarnation"], 1, "the worker lives on");
        assert_eq!(stage.result_of("bash", "echo fine").await["stdout"], "fine\n");
    }
}

/// Without a namespace; with no mark in its environment, no parent and no group by which it could be found.
async fn what_has_lost_its_keeper_is_ended_while_its_worker_goes_on(store: Store) {
    let stage = stage(store, "sweep").await;
    stage.writes("bash", &format!("(env -i setsid {NEVER} &); {NEVER}"));
    stage.model.reply(FakeReply::answer("done"));
    let task = stage.agent.task("go").await;
    eventually("it has fled", async || (stage.programs().len() == 2).then_some(())).await;
    let keepers = keepers_of(workers_of(&stage.server)[0]);
    assert_eq!(keepers.len(), 1, "{keepers:?}");
    kill(Pid::from_raw(keepers[0]), Signal::SIGKILL).unwrap();
    eventually("nothing is left", async || stage.programs().is_empty().then_some(())).await;
    task.reaches("completed").await;
    assert_eq!(stage.agent.get().await["runtime"]["incarnation"], 1, "the worker lives on");
}

/// A worker's children.
fn keepers_of(worker: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{worker}/task/{worker}/children")).unwrap();
    children.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

/// Processes that have left their parent, their group and their session.
fn fleeing() -> String {
    format!("setsid bash -c 'setsid {NEVER} & {NEVER}' & {NEVER}")
}

async fn nothing_of_a_program_outlives_a_killed_server(store: Store) {
    for containment in ["namespace", "sweep"] {
        let mut stage = stage(store, containment).await;
        stage.writes("bash", &fleeing());
        stage.agent.task("go").await;
        eventually("it has fled", async || (stage.programs().len() >= 3).then_some(())).await;
        stage.server.kill();
        let killed = Instant::now();
        let folder = stage.server.installation.folder().to_owned();
        eventually("nothing is left", async || processes_in(&folder).is_empty().then_some(())).await;
        assert!(killed.elapsed() < LEFT, "{containment}: {:?}", killed.elapsed());
    }
}

async fn a_killed_worker_takes_its_program_along_and_does_not_run_it_again(store: Store) {
    for containment in ["namespace", "sweep"] {
        let stage = stage(store, containment).await;
        stage.writes("bash", &format!("echo once >> runs; {}", fleeing()));
        let task = stage.agent.task("go").await;
        eventually("it has fled", async || (stage.programs().len() >= 3).then_some(())).await;
        assert!(stage.server.kill_worker(&stage.agent));
        let killed = Instant::now();
        eventually("nothing is left", async || stage.programs().is_empty().then_some(())).await;
        assert!(killed.elapsed() < LEFT, "{containment}: {:?}", killed.elapsed());
        task.reaches("completed").await;
        let last = stage.model.requests().pop().unwrap();
        assert_eq!(last.tool_result()["error"], "outcome_unknown");
        assert_eq!(fs::read_to_string(stage.workspace.join("runs")).unwrap(), "once\n");
    }
}

/// F38.
async fn a_cancelled_tasks_program_ends(store: Store) {
    let stage = stage(store, "auto").await;
    stage.writes("bash", &fleeing());
    let task = stage.agent.task("go").await;
    eventually("it runs", async || (!stage.programs().is_empty()).then_some(())).await;
    task.cancel().await.expect(200);
    let cancelled = Instant::now();
    eventually("it ends", async || stage.programs().is_empty().then_some(())).await;
    assert!(cancelled.elapsed() < Duration::from_secs(3), "{:?}", cancelled.elapsed());
    task.reaches("cancelled").await;
    assert_eq!(stage.agent.get().await["runtime"]["incarnation"], 1, "the worker lives on");
}
