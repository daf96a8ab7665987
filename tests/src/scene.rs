//! A task in the middle of being done.

use std::time::Duration;

use crate::{Agent, FakeModel, FakeReply, Server, Settings, Store, Task};

/// Long enough that a reply never comes by itself within a test.
pub const NEVER: Duration = Duration::from_secs(60);

/// A running agent whose task waits for an answer of the model that does not come; the next request is echoed.
pub struct Scene {
    /// The model that has been asked once.
    pub model: FakeModel,
    /// The server, with that model alone.
    pub server: Server,
    /// The agent.
    pub agent: Agent,
    /// Its task, with the input "hello".
    pub task: Task,
}

impl Scene {
    /// On a server of its own with the usual settings.
    pub async fn waiting_for_the_model(store: Store) -> Self {
        Self::waiting_with(store, Settings::with_model).await
    }

    /// The same with settings that are made for the model.
    pub async fn waiting_with(store: Store, settings: impl FnOnce(&FakeModel) -> Settings) -> Self {
        let model = FakeModel::start().await;
        model.reply(FakeReply::answer("never heard").after(NEVER));
        let server = Server::start(store, settings(&model));
        let client = server.client();
        let agent = client.running_agent(&client.project().await, "gpt-4").await;
        let task = agent.task("hello").await;
        model.wait_for_requests(1).await;
        Self { model, server, agent, task }
    }
}
