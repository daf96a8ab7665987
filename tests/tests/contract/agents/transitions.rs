//! The transition table of contract section 6, every cell over HTTP.
//!
//! The agents are `external`, so that they stay in `creating` and `updating` until the worker speaks, which the test plays. Only
//! `error` takes a local one, whose worker the test kills until the server gives up.

use connix_tests::{Agent, Answer, ScriptedWorker, Server, eventually, on_every_store};
use futures_util::future::join_all;
use serde_json::json;

on_every_store![
    creating_follows_its_row,
    running_follows_its_row,
    paused_follows_its_row,
    stopped_follows_its_row,
    error_follows_its_row,
    updating_then_running_follows_its_row,
    updating_then_paused_follows_its_row,
    updating_then_stopped_follows_its_row,
];

const COMMANDS: [&str; 6] = ["start", "pause", "stop", "restart", "PUT", "DELETE"];

/// A row of the table: what each of [`COMMANDS`] leads to. `x` is a conflict, `=` success without a change.
type Row = [&'static str; 6];

async fn creating_follows_its_row(server: &Server) {
    walk(server, "creating", ["=", "x", "stopped", "x", "updating, then running", "gone"]).await;
}

async fn running_follows_its_row(server: &Server) {
    walk(server, "running", ["=", "paused", "stopped", "running", "updating, then running", "gone"]).await;
}

async fn paused_follows_its_row(server: &Server) {
    walk(server, "paused", ["running", "=", "stopped", "running", "updating, then paused", "gone"]).await;
}

async fn stopped_follows_its_row(server: &Server) {
    walk(server, "stopped", ["running", "x", "=", "running", "updating, then stopped", "gone"]).await;
}

async fn error_follows_its_row(server: &Server) {
    walk(server, "error", ["running", "x", "stopped", "running", "updating, then running", "gone"]).await;
}

async fn updating_then_running_follows_its_row(server: &Server) {
    let row = ["=", "paused", "stopped", "running", "updating, then running", "gone"];
    walk(server, "updating, then running", row).await;
}

async fn updating_then_paused_follows_its_row(server: &Server) {
    let row = ["updating, then running", "paused", "stopped", "running", "updating, then paused", "gone"];
    walk(server, "updating, then paused", row).await;
}

async fn updating_then_stopped_follows_its_row(server: &Server) {
    let row = ["updating, then running", "x", "stopped", "running", "updating, then stopped", "gone"];
    walk(server, "updating, then stopped", row).await;
}

/// An agent in a status of the table, and its worker if one is alive.
struct Subject {
    agent: Agent,
    worker: Option<ScriptedWorker>,
}

async fn walk(server: &Server, state: &str, row: Row) {
    join_all(COMMANDS.iter().zip(row).map(async |(command, outcome)| {
        let subject = Subject::new(server, state).await;
        subject.judge(state, command, outcome).await;
    }))
    .await;
}

impl Subject {
    async fn new(server: &Server, state: &str) -> Self {
        let client = server.client();
        let project = client.project().await;
        if state == "error" {
            let agent = client.agent(&project, json!({})).await;
            eventually("the server gives up", async || {
                server.kill_worker(&agent);
                (agent.status().await == "error").then_some(())
            })
            .await;
            return Self { agent, worker: None };
        }
        let agent = client.external_agent(&project).await;
        if state == "creating" {
            return Self { agent, worker: None };
        }
        let worker = agent.worker().await;
        agent.reaches("running").await;
        let mut subject = Self { agent, worker: Some(worker) };
        subject.bring_to(state).await;
        subject
    }

    /// From `running`, with a worker alive, to any other status.
    async fn bring_to(&mut self, state: &str) {
        let put = async || self.agent.put(&json!({ "config": { "max_tokens": 99 } })).await.expect(200);
        match state {
            "running" => {}
            "paused" => _ = self.agent.act("pause").await.expect(200),
            "stopped" => {
                self.agent.act("stop").await.expect(200);
                self.dismiss().await;
            }
            "updating, then running" => _ = put().await,
            "updating, then paused" => {
                self.agent.act("pause").await.expect(200);
                put().await;
            }
            "updating, then stopped" => {
                self.agent.act("stop").await.expect(200);
                put().await;
            }
            other => panic!("no such status: {other}"),
        }
        assert_eq!(self.agent.status().await, state.split(',').next().unwrap());
    }

    /// The worker leaves, as it was told to.
    async fn dismiss(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.leave("told to", 0).await.expect(200);
        }
    }

    async fn command(&self, command: &str) -> Answer {
        match command {
            "PUT" => self.agent.put(&json!({ "config": { "temperature": 0.25 } })).await,
            "DELETE" => self.agent.delete().await,
            action => self.agent.act(action).await,
        }
    }

    async fn judge(mut self, state: &str, command: &str, outcome: &str) {
        let cell = format!("{command} on {state}");
        let before = self.agent.get().await;
        let answer = self.command(command).await;
        match outcome {
            "x" => {
                let fields = answer.refused_fields(409, "agent_conflict");
                assert!(fields.len() == 1 && fields[0].0 == "status", "{cell}: {fields:?}");
                assert_eq!(self.agent.get().await["updated_at"], before["updated_at"], "{cell} has no effect");
                assert_eq!(self.agent.get().await["status"], before["status"], "{cell} has no effect");
            }
            "=" => {
                self.assert_done(&cell, command, &answer, before["status"].as_str().unwrap());
                assert_eq!(self.agent.get().await["updated_at"], before["updated_at"], "{cell} changes nothing");
            }
            "gone" => {
                let deleted = json!({ "message": "Agent deleted successfully", "agent_id": self.agent.id });
                assert_eq!(answer.expect(200), deleted, "{cell}");
                let error = self.agent.client().get(&self.agent.path("")).await.refused(404, "agent_not_found");
                assert_eq!(error["message"], format!("Agent with ID '{}' not found", self.agent.id));
            }
            transient if transient.starts_with("updating, then ") => {
                self.assert_done(&cell, command, &answer, "updating");
                self.end_the_update(&cell, transient.trim_start_matches("updating, then ")).await;
            }
            status => {
                self.assert_done(&cell, command, &answer, status);
                assert_eq!(self.agent.status().await, status, "{cell} is committed");
            }
        }
    }

    #[track_caller]
    fn assert_done(&self, cell: &str, command: &str, answer: &Answer, status: &str) {
        let answer = answer.expect(200);
        assert_eq!(answer["status"], status, "{cell}: {answer}");
        let done = match command {
            "start" => "started",
            "pause" => "paused",
            "stop" => "stopped",
            "restart" => "restarted",
            _ => return,
        };
        assert_eq!(answer["message"], format!("Agent {done} successfully"), "{cell}");
        assert_eq!(answer["agent_id"], json!(self.agent.id), "{cell}");
    }

    /// A living worker takes the new configuration over; where there is none, a new one says hello. A local agent's worker does
    /// so by itself. That no worker is there to speak for a stopped agent, the deadline settles.
    async fn end_the_update(&mut self, cell: &str, end: &str) {
        if self.agent.created["runtime"]["kind"] == "external" {
            assert_eq!(self.agent.status().await, "updating", "{cell}: until the worker speaks");
            match &self.worker {
                _ if end == "stopped" => return,
                Some(worker) if worker.is_welcome().await => worker.catch_up().await,
                _ => self.worker = Some(self.agent.worker().await),
            }
        }
        self.agent.reaches(end).await;
    }
}
