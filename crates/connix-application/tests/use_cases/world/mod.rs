//! An application on a memory store, with a runtime that the test plays: what is launched, and when it ends.

mod oauth;
mod passwords;
mod ports;
mod provider;

use connix_application::{
    AgentOrder, App, Caller, Claimed, Intervals, Llm, Naming, NewKey, OrgRef, Ports, ProjectOrder, ProjectRef,
    RateLimits, SessionGrant, Settings, Supervisor, ToolTerms, Upstream, Worker,
};
use connix_domain::Timestamp;
use connix_domain::agent::{Agent, ConfigPatch, RuntimeKind};
use connix_domain::event::{EventKind, SequencedEvent};
use connix_domain::metadata::Metadata;
use connix_domain::name::{AgentName, CanonicalName};
use connix_domain::oauth::signing_key::SigningAlgorithm;
use connix_domain::permission::Permissions;
use connix_domain::port::clock::Clock;
use connix_domain::port::runtime::LaunchSpec;
use connix_domain::port::store::EventReader;
use connix_domain::price::PriceTable;
use connix_domain::project::{Project, Visibility};
use connix_domain::task::{Task, TaskOrder};
use connix_testkit::{CountingIds, ManualClock, MemoryLimits, MemoryStore};
use oauth::{PlainOpaque, PlainTokens};
use passwords::PlainPasswords;
use ports::{LabelSealer, NoMetrics, PlainCredentials, PlayedEquipment, PlayedRuntime};
use provider::PlayedProvider;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// An application, and everything that plays its world.
pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) runtime: Arc<PlayedRuntime>,
    pub(crate) equipment: Arc<PlayedEquipment>,
    pub(crate) passwords: Arc<PlainPasswords>,
    pub(crate) provider: Arc<PlayedProvider>,
    pub(crate) caller: Caller,
    supervisor: Option<tokio::task::JoinHandle<()>>,
}

pub(crate) fn application(
    store: &Arc<MemoryStore>,
    clock: &Arc<ManualClock>,
    runtime: &Arc<PlayedRuntime>,
) -> Arc<App> {
    application_with(store, clock, runtime, Terms::default())
}

/// What a world has of its own.
struct Terms {
    lease: Duration,
    rate_limits: Option<RateLimits>,
    equipment: Arc<PlayedEquipment>,
    passwords: Arc<PlainPasswords>,
    provider: Arc<PlayedProvider>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lease: Intervals::default().lease,
            rate_limits: None,
            equipment: Arc::default(),
            passwords: Arc::default(),
            provider: Arc::default(),
        }
    }
}

fn application_with(
    store: &Arc<MemoryStore>,
    clock: &Arc<ManualClock>,
    runtime: &Arc<PlayedRuntime>,
    Terms { lease, rate_limits, equipment, passwords, provider }: Terms,
) -> Arc<App> {
    let ports = Ports {
        store: store.clone(),
        credentials: Arc::new(PlainCredentials::default()),
        opaque: Arc::new(PlainOpaque::default()),
        tokens: Arc::new(PlainTokens::default()),
        passwords,
        sealer: Arc::new(LabelSealer),
        clock: clock.clone(),
        ids: Arc::new(CountingIds::default()),
        metrics: Arc::new(NoMetrics),
        runtime: runtime.clone(),
        equipment,
        limits: Arc::new(MemoryLimits::new(clock.clone())),
        upstream: Some(Upstream { name: "Example ID".to_owned(), provider }),
    };
    let llm = Llm { base_url: None, api_key: None, default_model: "gpt-4".into(), prices: PriceTable::default() };
    let sample_every = Duration::from_secs(10);
    let intervals = Intervals { claim_wait: Duration::from_millis(200), lease, ..Intervals::default() };
    Arc::new(App::new(
        ports,
        Settings {
            issuer: "https://connix.example.com".to_owned(),
            signing_algorithm: SigningAlgorithm::Es256,
            llm,
            runtime: RuntimeKind::Local,
            tools: ToolTerms::default(),
            intervals,
            sample_every,
            max_steps: 25,
            retention: Duration::from_secs(30 * 86_400),
            rate_limits,
        },
    ))
}

impl World {
    /// A service after its first start, without a supervisor.
    pub(crate) async fn new() -> Self {
        Self::on(Terms::default()).await
    }

    /// A service whose callers are limited, with a supervisor at work.
    pub(crate) async fn limited(rate_limits: RateLimits) -> Self {
        Self::supervised_on(Terms { rate_limits: Some(rate_limits), ..Terms::default() }).await
    }

    async fn on(terms: Terms) -> Self {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
        let runtime = Arc::new(PlayedRuntime::new());
        let (equipment, passwords) = (terms.equipment.clone(), terms.passwords.clone());
        let provider = terms.provider.clone();
        let app = application_with(&store, &clock, &runtime, terms);
        let key = app.first_start().await.unwrap().unwrap().key;
        let caller = app.authenticate(key.expose()).await.unwrap();
        Self { app, store, clock, runtime, equipment, passwords, provider, caller, supervisor: None }
    }

    /// The same with a supervisor at work.
    pub(crate) async fn supervised() -> Self {
        Self::supervised_with_leases_of(Intervals::default().lease).await
    }

    /// The same with leases of another length.
    pub(crate) async fn supervised_with_leases_of(lease: Duration) -> Self {
        Self::supervised_on(Terms { lease, ..Terms::default() }).await
    }

    async fn supervised_on(terms: Terms) -> Self {
        let mut world = Self::on(terms).await;
        let supervisor = Supervisor::new(world.app.clone());
        world.supervisor = Some(tokio::spawn(async move { supervisor.run().await }));
        world
    }

    /// The server is gone: nobody acts for it any more.
    pub(crate) fn stop_supervisor(&self) {
        self.supervisor.iter().for_each(tokio::task::JoinHandle::abort);
    }

    /// Another caller of the first organisation.
    pub(crate) async fn caller_with(&self, permissions: Permissions, projects: Option<Vec<ProjectRef>>) -> Caller {
        let new = NewKey { org: OrgRef::Default, name: "another".into(), member: None, permissions, projects };
        let key = self.app.create_key(new).await.unwrap();
        self.app.authenticate(key.expose()).await.unwrap()
    }

    pub(crate) async fn project(&self, name: &str) -> Project {
        self.app.create_project(&self.caller, project_order(name), None).await.unwrap()
    }

    /// A local agent of the default project.
    pub(crate) async fn agent(&self, name: &str) -> Agent {
        self.agent_in(&ProjectRef::default_project(), name).await
    }

    pub(crate) async fn agent_in(&self, project: &ProjectRef, name: &str) -> Agent {
        self.app.create_agent(&self.caller, project, agent_order(name), None).await.unwrap().agent
    }

    /// The agent as it is now.
    pub(crate) async fn seen(&self, agent: &Agent) -> Agent {
        let project = ProjectRef::Id(agent.project);
        self.app.agent(&self.caller, &project, &agent.id.to_string()).await.unwrap().agent
    }

    pub(crate) async fn task(&self, agent: &Agent, input: &str) -> Task {
        let order = task_order(input);
        let project = ProjectRef::Id(agent.project);
        self.app.create_task(&self.caller, &project, &agent.id.to_string(), order, None).await.unwrap()
    }

    pub(crate) async fn task_now(&self, task: &Task) -> Task {
        let (project, agent) = (ProjectRef::Id(task.project), task.agent.to_string());
        self.app.task(&self.caller, &project, &agent, &task.id.to_string()).await.unwrap()
    }

    /// Waits until an agent was launched `times` times in all; gives the last launch.
    pub(crate) async fn launched(&self, agent: &Agent, times: usize) -> LaunchSpec {
        eventually("the launch", || async {
            let launches = self.runtime.launches();
            let own: Vec<_> = launches.into_iter().filter(|spec| spec.agent == agent.id).collect();
            if own.len() >= times { own.last().cloned() } else { None }
        })
        .await
    }

    /// The worker of a launch says hello.
    pub(crate) async fn attach(&self, launch: &LaunchSpec) -> (Worker, SessionGrant) {
        let worker = self.app.authenticate_worker(launch.token.expose()).await.unwrap();
        let grant = self.app.greet(worker, &format!("nonce-{}", launch.incarnation)).await.unwrap();
        (worker, grant)
    }

    pub(crate) async fn claim(&self, worker: Worker, grant: &SessionGrant) -> Claimed {
        self.app.claim(worker, grant.session, Duration::from_millis(100)).await.unwrap().unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<SequencedEvent> {
        self.store.events(self.caller.scope(), 0, 1000).await.unwrap()
    }

    /// The kinds of all events so far, without the default project's own.
    pub(crate) async fn happened(&self) -> Vec<EventKind> {
        self.events().await.into_iter().skip(1).map(|e| e.event.kind).collect()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub(crate) fn project_order(name: &str) -> ProjectOrder {
    ProjectOrder {
        naming: Naming::Same(CanonicalName::parse(name).unwrap()),
        description: None,
        visibility: Visibility::Private,
        team: None,
        metadata: Metadata::default(),
    }
}

pub(crate) fn agent_order(name: &str) -> AgentOrder {
    AgentOrder {
        name: AgentName::parse(name).unwrap(),
        description: None,
        config: ConfigPatch::default(),
        metadata: Metadata::default(),
        runtime: None,
    }
}

pub(crate) fn task_order(input: &str) -> TaskOrder {
    TaskOrder { input: json!(input), metadata: Metadata::default(), timeout_seconds: 900, max_attempts: 3 }
}

/// Looks again and again until there is something; the supervisor works beside the test.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let end = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < end, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
