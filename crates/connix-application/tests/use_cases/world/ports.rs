//! The ports of an application under test that are not the store: plain, and played by the test.

use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::agent::{Exit, RuntimeKind};
use connix_domain::api_key::{Digest, Kid};
use connix_domain::confinement::{Confinement, ConfinementMode};
use connix_domain::id::{AgentId, OrgId, ProjectId};
use connix_domain::port::metrics::Metrics;
use connix_domain::port::runtime::{AgentRuntime, InstanceExit, InstanceReading, LaunchError, LaunchSpec};
use connix_domain::port::secrets::{
    CannotOpen, Credentials, MintedKey, PresentedKey, PresentedToken, Sealed, Sealer, Secret,
};
use connix_domain::port::tools::{Equipment, Inventory};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Credentials that can be read with the eye: the text holds everything.
#[derive(Default)]
pub(super) struct PlainCredentials(AtomicU64);

pub(super) fn digest(text: &str) -> Digest {
    let mut bytes = [0; 32];
    text.bytes().enumerate().for_each(|(at, byte)| bytes[at % 32] ^= byte.rotate_left(at as u32 % 8));
    Digest(bytes)
}

impl Credentials for PlainCredentials {
    fn mint_key(&self) -> MintedKey {
        let kid = format!("{:012}", self.0.fetch_add(1, Ordering::Relaxed));
        let text = format!("cx_{kid}_secret");
        MintedKey { digest: digest(&text), text: Secret::new(text), kid: Kid::new(kid) }
    }
    fn read_key(&self, text: &str) -> Option<PresentedKey> {
        let kid = text.strip_prefix("cx_")?.split('_').next()?;
        Some(PresentedKey { kid: Kid::new(kid), digest: digest(text) })
    }
    fn mint_worker_token(&self, org: OrgId, agent: AgentId) -> (Secret, Digest) {
        let text = format!("{org}/{agent}/{}", self.0.fetch_add(1, Ordering::Relaxed));
        (Secret::new(text.clone()), digest(&text))
    }
    fn read_worker_token(&self, text: &str) -> Option<PresentedToken> {
        let mut parts = text.split('/');
        let (org, agent) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(PresentedToken { org, agent, digest: digest(text) })
    }
    fn mint_invitation(&self) -> (Secret, Digest) {
        let text = format!("invitation-{}", self.0.fetch_add(1, Ordering::Relaxed));
        (Secret::new(text.clone()), digest(&text))
    }
    fn read_invitation(&self, text: &str) -> Option<Digest> {
        text.starts_with("invitation-").then(|| digest(text))
    }
    fn same(&self, a: &Digest, b: &Digest) -> bool {
        a == b
    }
}

/// Seals by writing the context in front.
pub(super) struct LabelSealer;

impl Sealer for LabelSealer {
    fn seal(&self, context: &str, plain: &[u8]) -> Sealed {
        Sealed([context.as_bytes(), b"|", plain].concat())
    }
    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, CannotOpen> {
        let label = [context.as_bytes(), b"|"].concat();
        sealed.0.strip_prefix(label.as_slice()).map(<[u8]>::to_vec).ok_or(CannotOpen)
    }
}

pub(super) struct NoMetrics;

impl Metrics for NoMetrics {
    fn request(&self, _: &str, _: &str, _: u16, _: Duration) {}
    fn committed(&self, _: usize, _: Duration) {}
    fn task_ended(&self, _: &'static str) {}
    fn tokens(&self, _: &str, _: u64, _: u64) {}
    fn streams(&self, _: i64) {}
    fn agent_launched(&self) {}
    fn agent_crashed(&self) {}
}

/// A runtime whose processes are the test's word.
pub(crate) struct PlayedRuntime {
    launched: Mutex<Vec<LaunchSpec>>,
    live: Mutex<Vec<(AgentId, i64)>>,
    refusal: Mutex<Option<LaunchError>>,
    drained: Mutex<Vec<(AgentId, i64)>>,
    exits: mpsc::UnboundedSender<InstanceExit>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<InstanceExit>>,
}

impl PlayedRuntime {
    pub(super) fn new() -> Self {
        let (exits, waiting) = mpsc::unbounded_channel();
        Self {
            launched: Mutex::default(),
            live: Mutex::default(),
            refusal: Mutex::default(),
            drained: Mutex::default(),
            exits,
            waiting: tokio::sync::Mutex::new(waiting),
        }
    }

    /// Everything that was ever launched.
    pub(crate) fn launches(&self) -> Vec<LaunchSpec> {
        self.launched.lock().unwrap().clone()
    }

    /// From now on nothing can be launched.
    pub(crate) fn refuse(&self, why: LaunchError) {
        *self.refusal.lock().unwrap() = Some(why);
    }

    /// A process ends without anybody hearing of it.
    pub(crate) fn vanish(&self, launch: &LaunchSpec) {
        self.live.lock().unwrap().retain(|key| *key != (launch.agent, launch.incarnation));
    }

    /// Whether an instance was asked to leave.
    pub(crate) fn was_drained(&self, agent: AgentId, incarnation: i64) -> bool {
        self.drained.lock().unwrap().contains(&(agent, incarnation))
    }

    /// The process of a launch ends.
    pub(crate) fn end(&self, launch: &LaunchSpec, code: Option<i32>, signal: Option<i32>, at: Timestamp) {
        self.vanish(launch);
        let exit = Exit { code, signal, reason: "exited".into(), detail: String::new(), at };
        let exit = InstanceExit { org: launch.org, agent: launch.agent, incarnation: launch.incarnation, exit };
        self.exits.send(exit).unwrap();
    }
}

#[async_trait]
impl AgentRuntime for PlayedRuntime {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Local
    }
    async fn launch(&self, spec: LaunchSpec) -> Result<(), LaunchError> {
        if let Some(why) = self.refusal.lock().unwrap().clone() {
            return Err(why);
        }
        self.live.lock().unwrap().push((spec.agent, spec.incarnation));
        self.launched.lock().unwrap().push(spec);
        Ok(())
    }
    fn knows(&self, agent: AgentId, incarnation: i64) -> bool {
        self.live.lock().unwrap().contains(&(agent, incarnation))
    }
    async fn drain(&self, agent: AgentId, incarnation: i64, _: Duration) {
        self.drained.lock().unwrap().push((agent, incarnation));
    }
    async fn kill(&self, agent: AgentId, incarnation: i64) {
        self.drain(agent, incarnation, Duration::ZERO).await;
    }
    async fn readings(&self) -> Vec<InstanceReading> {
        Vec::new()
    }
    async fn workspace_bytes(&self, _: ProjectId) -> Option<u64> {
        None
    }
    async fn next_exit(&self) -> InstanceExit {
        self.waiting.lock().await.recv().await.unwrap()
    }
    async fn shut_down(&self, _: Duration) {}
}

/// No tools, and an endpoint that has no models: it says so when it is let answer.
pub(crate) struct PlayedEquipment {
    asked: watch::Sender<usize>,
    answers: watch::Sender<bool>,
}

impl Default for PlayedEquipment {
    fn default() -> Self {
        Self { asked: watch::Sender::new(0), answers: watch::Sender::new(true) }
    }
}

impl PlayedEquipment {
    /// From now on the endpoint answers, or not.
    pub(crate) fn answer(&self, answers: bool) {
        self.answers.send_replace(answers);
    }

    /// How often the endpoint was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits until it is asked for the first time.
    pub(crate) async fn is_asked(&self) {
        self.asked.subscribe().wait_for(|asked| *asked > 0).await.unwrap();
    }
}

#[async_trait]
impl Equipment for PlayedEquipment {
    async fn inventory(&self) -> Inventory {
        let containment = Err("there is no sandbox".into());
        Inventory { tools: Vec::new(), confinement: Confinement { mode: ConfinementMode::Strict, containment } }
    }
    async fn models(&self) -> Result<Vec<String>, String> {
        self.asked.send_modify(|asked| *asked += 1);
        self.answers.subscribe().wait_for(|answers| *answers).await.unwrap();
        Err("it has no models".into())
    }
}
