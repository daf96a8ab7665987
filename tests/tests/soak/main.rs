//! `kill -9` again and again under busy agents: of workers and of the server. A tenth of the campaign runs with all tests;
//! `make soak` (`CONNIX_SOAK=full`) runs the whole.
//!
//! Beside it, what else takes long to be seen: rate limits over several servers (`limits`), many at the same code
//! (`redemptions`), and what times tell (`timing`).
//!
//! What must hold after each blow: nothing of a killed server is left after 5 seconds, no agent ever has two live processes, every
//! task ends exactly once, and every agent is true again within 35 seconds.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking and says what it measured"
)]

mod limits;
mod redemptions;
mod timing;
mod watch;

use std::time::{Duration, Instant};

use connix_tests::{
    Agent, FakeModel, Server, Settings, Store, Task, eventually_within, is_alive, processes_in, with_every_store,
    workers_of,
};
use futures_util::future::join_all;

use watch::Watch;

with_every_store![no_kill_leaves_an_orphan_a_double_or_an_open_task];

/// So many agents work at the same time.
const AGENTS: usize = 20;
/// The tasks that each has in hand or before it at the start of a round.
const TASKS: usize = 2;
/// An agent whose worker crashes five times within ten minutes is in error: after so many rounds its owner's word makes it new.
const ROUNDS: usize = 3;
/// How long nothing of a killed server may be left.
const GONE: Duration = Duration::from_secs(5);
/// How long an agent may take to be what its status says.
const TRUE_AGAIN: Duration = Duration::from_secs(35);

/// How many blows of each kind.
struct Campaign {
    workers: usize,
    servers: usize,
}

impl Campaign {
    fn asked_for() -> Self {
        match std::env::var("CONNIX_SOAK").as_deref() {
            Ok("full") => Self { workers: 100, servers: 30 },
            _ => Self { workers: 10, servers: 3 },
        }
    }
}

async fn no_kill_leaves_an_orphan_a_double_or_an_open_task(store: Store) {
    let campaign = Campaign::asked_for();
    let model = FakeModel::start().await;
    model.echo_after(Duration::from_millis(400));
    let mut server = Server::start(store, Settings::with_model(&model));
    let client = server.client();
    let project = client.project().await;
    let agents = join_all((0..AGENTS).map(|_| client.running_agent(&project, "gpt-4"))).await;
    let watch = Watch::start(server.installation.data_folder());
    let mut given = Vec::new();

    let mut killed = 0;
    for (round, agent) in agents.iter().cycle().enumerate() {
        if round % AGENTS == 0 {
            given.extend(busy(&agents).await);
        }
        if round % (AGENTS * ROUNDS) == 0 {
            join_all(agents.iter().map(|agent| agent.act("restart"))).await;
            true_again(&agents).await;
        }
        killed += usize::from(server.kill_worker(agent));
        if killed == campaign.workers {
            break;
        }
    }
    let longest = true_again(&agents).await;
    println!("{store:?}: {} workers killed, all true again after {longest:?}", campaign.workers);

    for _ in 0..campaign.servers {
        given.extend(busy(&agents).await);
        let gone = kill_server(&mut server).await;
        let ready = server.start_again();
        let longest = true_again(&agents).await;
        println!("{store:?}: server killed: nothing left after {gone:?}, ready {ready:?}, all true again {longest:?}");
    }

    for (agent, task) in &given {
        ended_once(agent, task).await;
    }
    let (looks, doubles) = watch.end();
    assert!(looks > campaign.workers, "the processes were looked at {looks} times only");
    assert!(doubles.is_empty(), "agents with two live processes: {doubles:?}");
    println!("{store:?}: {} tasks ended once each, the processes were looked at {looks} times", given.len());
}

/// Gives every agent something to do.
async fn busy(agents: &[Agent]) -> Vec<(Agent, Task)> {
    let give = |agent: &Agent| {
        let agent = agent.clone();
        async move {
            // a task is not to fail because it was unlucky three times
            let order = serde_json::json!({ "input": "work", "max_attempts": 10 });
            let task = agent.task_of(&order).await;
            (agent, task)
        }
    };
    join_all(agents.iter().flat_map(|agent| (0..TASKS).map(move |_| give(agent)))).await
}

/// Kills the server, and returns after how long nothing of it was left.
async fn kill_server(server: &mut Server) -> Duration {
    let workers = workers_of(server);
    assert!(!workers.is_empty(), "there is something to leave behind");
    let folder = server.installation.data_folder();
    server.kill();
    let begun = Instant::now();
    eventually_within(GONE, "nothing is left of the server", async || {
        let left = workers.iter().any(|pid| is_alive(*pid)) || !processes_in(&folder).is_empty();
        (!left).then_some(())
    })
    .await;
    begun.elapsed()
}

/// Waits until every agent works again, as its status says; returns how long that took.
async fn true_again(agents: &[Agent]) -> Duration {
    let begun = Instant::now();
    let each = agents.iter().map(|agent| {
        eventually_within(TRUE_AGAIN, "the agent is true again", async || {
            let now = agent.get().await;
            assert_eq!(now["status"], "running", "{now}");
            (now["runtime"]["phase"] == "ready").then_some(())
        })
    });
    join_all(each).await;
    begun.elapsed()
}

/// A task ends in a final state, and its end is told once.
async fn ended_once(agent: &Agent, task: &Task) {
    let ended = eventually_within(Duration::from_secs(120), "the task ends", async || {
        let now = task.get().await;
        matches!(now["status"].as_str(), Some("completed" | "failed")).then_some(now)
    })
    .await;
    assert_eq!(ended["status"], "completed", "{ended}");
    let lines = agent.logs("?limit=1000").await;
    let told = lines.iter().filter(|line| {
        line["context"]["task_id"] == task.id.as_str()
            && (line["message"] == "Task completed successfully" || line["level"] == "error")
    });
    assert_eq!(told.count(), 1, "the end of {} is told once", task.id);
}
