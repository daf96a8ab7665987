//! Projects, agents and tasks that a case makes in order to work with them.

use serde_json::{Value, json};

use crate::{Answer, Client, eventually, unique};

/// A project that exists.
#[derive(Clone, Debug)]
pub struct Project {
    /// The integer id.
    pub id: u64,
    /// `proj_…`
    pub uid: String,
    /// Its name, which is its canonical name too.
    pub name: String,
}

/// An agent that exists.
#[derive(Clone, Debug)]
pub struct Agent {
    client: Client,
    /// `agent_…`
    pub id: String,
    /// The object as it was created.
    pub created: Value,
    path: String,
}

/// A task that exists.
#[derive(Clone, Debug)]
pub struct Task {
    client: Client,
    /// `task_…`
    pub id: String,
    path: String,
}

impl Client {
    /// A new project with a name of its own.
    pub async fn project(&self) -> Project {
        let name = unique("project");
        let made = self.post("/api/v1/projects", &json!({ "name": name })).await.expect(201);
        Project { id: made["id"].as_u64().unwrap(), uid: made["uid"].as_str().unwrap().to_owned(), name }
    }

    /// A new agent in `project`, made with `body` (a name of its own when there is none in it).
    pub async fn agent(&self, project: &Project, mut body: Value) -> Agent {
        if body.get("name").is_none() {
            body["name"] = unique("agent").into();
        }
        let agents = format!("/api/v1/projects/{}/agents", project.uid);
        let created = self.post(&agents, &body).await.expect(201);
        let id = created["id"].as_str().unwrap().to_owned();
        Agent { client: self.clone(), path: format!("{agents}/{id}"), id, created }
    }

    /// A new agent whose worker is ours to play: nothing is started for it.
    pub async fn external_agent(&self, project: &Project) -> Agent {
        self.agent(project, json!({ "runtime": "external", "config": { "model": "any" } })).await
    }

    /// A new agent that a local worker runs with `model`, which is running.
    pub async fn running_agent(&self, project: &Project, model: &str) -> Agent {
        let agent = self.agent(project, json!({ "config": { "model": model } })).await;
        agent.reaches("running").await;
        agent
    }
}

impl Agent {
    /// Speaks for whoever made it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its address, with `suffix` (`""`, `"/tasks"`, `"?…"`) behind.
    pub fn path(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.path)
    }

    /// The object now.
    pub async fn get(&self) -> Value {
        self.client.get(&self.path).await.expect(200)
    }

    /// Its status now.
    pub async fn status(&self) -> String {
        self.get().await["status"].as_str().unwrap().to_owned()
    }

    /// `start`, `pause`, `stop` or `restart`.
    pub async fn act(&self, action: &str) -> Answer {
        self.client.act(&self.path(&format!("/{action}"))).await
    }

    /// PUT.
    pub async fn put(&self, body: &Value) -> Answer {
        self.client.put(&self.path, body).await
    }

    /// DELETE.
    pub async fn delete(&self) -> Answer {
        self.client.delete(&self.path).await
    }

    /// The object once its status is `status`.
    pub async fn reaches(&self, status: &str) -> Value {
        let what = format!("agent {} becomes {status}", self.id);
        eventually(&what, async || Some(self.get().await).filter(|agent| agent["status"] == status)).await
    }

    /// The object once its worker's phase is `phase`.
    pub async fn reaches_phase(&self, phase: &str) -> Value {
        let what = format!("the worker of {} becomes {phase}", self.id);
        eventually(&what, async || Some(self.get().await).filter(|agent| agent["runtime"]["phase"] == phase)).await
    }

    /// A new task.
    pub async fn task(&self, input: &str) -> Task {
        self.task_of(&json!({ "input": input })).await
    }

    /// A new task, made with `body`.
    pub async fn task_of(&self, body: &Value) -> Task {
        let created = self.client.post(&self.path("/tasks"), body).await.expect(201);
        let id = created["id"].as_str().unwrap().to_owned();
        Task { client: self.client.clone(), path: self.path(&format!("/tasks/{id}")), id }
    }

    /// Its log lines, newest first, with `query` (`"?level=error"`).
    pub async fn logs(&self, query: &str) -> Vec<Value> {
        let page = self.client.get(&self.path(&format!("/logs{query}"))).await.expect(200);
        page["logs"].as_array().unwrap().clone()
    }
}

impl Task {
    /// Its address, with `suffix` behind.
    pub fn path(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.path)
    }

    /// The object now.
    pub async fn get(&self) -> Value {
        self.client.get(&self.path).await.expect(200)
    }

    /// Cancels it.
    pub async fn cancel(&self) -> Answer {
        self.client.act(&self.path("/cancel")).await
    }

    /// The object once its status is `status`; fails at once when it has ended in another.
    pub async fn reaches(&self, status: &str) -> Value {
        let ended = ["completed", "failed", "cancelled"];
        eventually(&format!("task {} becomes {status}", self.id), async || {
            let task = self.get().await;
            let now = task["status"].as_str().unwrap();
            assert!(now == status || !ended.contains(&now), "task {} should become {status}: {task}", self.id);
            (now == status).then_some(task)
        })
        .await
    }

    /// Its journal, oldest first.
    pub async fn journal(&self) -> Vec<Value> {
        let page = self.client.call(reqwest::Method::GET, &self.path("/events?limit=100"));
        let page = page.header("Accept", "application/json").send().await.expect(200);
        page["data"].as_array().unwrap_or_else(|| panic!("no data: {page}")).clone()
    }
}
