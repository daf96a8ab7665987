//! Every route of the document with its row: who may call it, and with what.

use std::collections::BTreeMap;

use connix_tests::{Answer, Client, Server};
use reqwest::Method;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gate {
    /// Everybody.
    Public,
    /// Every good credential.
    Any,
    /// A credential with this permission.
    Needs(&'static str),
    /// An agent's worker.
    Worker,
}

pub(crate) use Gate::{Any, Needs, Public, Worker};

/// Each route: its name, who may call it, and a body that it takes (`""` for none).
pub(crate) const ROWS: &[(&str, Gate, &str)] = &[
    ("hello", Any, ""),
    ("getStatus", Public, ""),
    ("getDocs", Public, ""),
    ("getDocsAsset", Public, ""),
    ("createProject", Needs("data.projects.write"), r#"{"name": "refused"}"#),
    ("listProjects", Needs("data.projects.read"), ""),
    ("getProject", Needs("data.projects.read"), ""),
    ("updateProject", Needs("data.projects.write"), r#"{"name": "refused"}"#),
    ("patchProject", Needs("data.projects.write"), r#"{"name": "refused"}"#),
    ("deleteProject", Needs("data.projects.write"), ""),
    ("getProjectUsage", Needs("data.projects.read"), ""),
    ("createOrganisationProject", Needs("data.projects.write"), r#"{"name": "refused"}"#),
    ("listOrganisationProjects", Needs("data.projects.read"), ""),
    ("getOrganisationProject", Needs("data.projects.read"), ""),
    ("createAgent", Needs("data.agents.write"), r#"{"name": "refused", "runtime": "external"}"#),
    ("listAgents", Needs("data.agents.read"), ""),
    ("getAgent", Needs("data.agents.read"), ""),
    ("updateAgent", Needs("data.agents.write"), r#"{"description": "refused"}"#),
    ("patchAgent", Needs("data.agents.write"), r#"{"description": "refused"}"#),
    ("deleteAgent", Needs("data.agents.write"), ""),
    ("launchAgent", Needs("data.agents.write"), r#"{"name": "refused", "runtime": "external"}"#),
    ("startAgent", Needs("data.agents.write"), ""),
    ("pauseAgent", Needs("data.agents.write"), ""),
    ("stopAgent", Needs("data.agents.write"), ""),
    ("restartAgent", Needs("data.agents.write"), ""),
    ("createWorkerToken", Needs("data.agents.write"), ""),
    ("createTask", Needs("data.runs.write"), r#"{"input": "refused"}"#),
    ("listTasks", Needs("data.runs.read"), ""),
    ("getTask", Needs("data.runs.read"), ""),
    ("cancelTask", Needs("data.runs.write"), ""),
    ("listTaskEvents", Needs("data.runs.read"), ""),
    ("listAgentLogs", Needs("data.agents.read"), ""),
    ("streamAgentLogs", Needs("data.agents.read"), ""),
    ("getAgentMetrics", Needs("data.agents.read"), ""),
    ("listTools", Needs("data.agents.read"), ""),
    ("listModels", Needs("data.agents.read"), ""),
    ("listAuditLog", Needs("org.audit.read"), ""),
    ("getMe", Any, ""),
    ("getOrganization", Any, ""),
    ("updateOrganization", Needs("org.organization.write"), r#"{"name": "refused"}"#),
    ("createMember", Needs("org.members.write"), r#"{"email": "refused@example.com", "role": "viewer"}"#),
    ("listMembers", Needs("org.members.read"), ""),
    ("getMember", Needs("org.members.read"), ""),
    ("updateMember", Needs("org.members.write"), r#"{"role": "admin"}"#),
    ("createPasswordLink", Needs("org.members.write"), ""),
    ("createTeam", Needs("org.teams.write"), r#"{"name": "refused"}"#),
    ("listTeams", Needs("org.teams.read"), ""),
    ("getTeam", Needs("org.teams.read"), ""),
    ("updateTeam", Needs("org.teams.write"), r#"{"name": "refused"}"#),
    ("deleteTeam", Needs("org.teams.write"), ""),
    ("listTeamMembers", Needs("org.teams.read"), ""),
    ("addTeamMember", Needs("org.teams.write"), r#"{"user_id": "user_00000000000000aa"}"#),
    ("removeTeamMember", Needs("org.teams.write"), ""),
    ("createApiKey", Needs("org.api_keys.write"), r#"{"name": "refused"}"#),
    ("listApiKeys", Needs("org.api_keys.read"), ""),
    ("getApiKey", Needs("org.api_keys.read"), ""),
    ("updateApiKey", Needs("org.api_keys.write"), r#"{"name": "refused"}"#),
    ("rotateApiKey", Needs("org.api_keys.write"), ""),
    ("revokeApiKey", Needs("org.api_keys.write"), ""),
    (
        "createOAuthClient",
        Needs("org.clients.write"),
        r#"{"name": "refused", "type": "public", "redirect_uris": ["https://app.example/cb"], "scopes": ["read"]}"#,
    ),
    ("listOAuthClients", Needs("org.clients.read"), ""),
    ("getOAuthClient", Needs("org.clients.read"), ""),
    ("updateOAuthClient", Needs("org.clients.write"), r#"{"name": "refused"}"#),
    ("rotateOAuthClientSecret", Needs("org.clients.write"), ""),
    ("deleteOAuthClient", Needs("org.clients.write"), ""),
    ("authorize", Public, ""),
    ("issueToken", Public, ""),
    ("revokeToken", Public, ""),
    ("introspectToken", Public, ""),
    ("getAuthorizationServer", Public, ""),
    ("getSigningKeys", Public, ""),
    ("openWorkerSession", Worker, "{}"),
    ("sendWorkerHeartbeat", Worker, "{}"),
    ("getWorkerConfig", Worker, ""),
    ("acknowledgeWorkerConfig", Worker, "{}"),
    ("closeWorkerSession", Worker, "{}"),
    ("claimTask", Worker, "{}"),
    ("appendWorkerLogs", Worker, "{}"),
    ("appendTaskEvents", Worker, "{}"),
    ("completeTask", Worker, "{}"),
    ("failTask", Worker, "{}"),
    ("acknowledgeTaskCancellation", Worker, "{}"),
    ("releaseTask", Worker, "{}"),
];

/// Identifiers that nothing has, by the parameter that names them.
const ABSENT: &[(&str, &str)] = &[
    ("project", "proj_00000000000000aa"),
    ("agent", "agent_00000000000000aa"),
    ("task", "task_00000000000000aa"),
    ("member", "user_00000000000000aa"),
    ("team", "team_00000000000000aa"),
    ("api_key", "cx_0000000000aa"),
    ("client", "client_00000000000000aa"),
    ("session", "wses_00000000000000aa"),
    ("file", "nothing"),
];

pub(crate) type Ids = BTreeMap<&'static str, String>;

/// A route of the document with its row.
pub(crate) struct Route {
    method: Method,
    pub(crate) path: String,
    pub(crate) gate: Gate,
    body: &'static str,
}

impl Route {
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    fn at(&self, ids: &Ids) -> String {
        ids.iter().fold(self.path.clone(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id))
    }

    pub(crate) async fn ask(&self, client: &Client, ids: &Ids) -> Answer {
        let call = client.call(self.method.clone(), &self.at(ids)).header("X-Request-ID", "same");
        if self.body.is_empty() { call.send().await } else { call.body("application/json", self.body).send().await }
    }
}

pub(crate) fn absent() -> Ids {
    ABSENT.iter().map(|(name, id)| (*name, (*id).to_owned())).collect()
}

/// Name, method and path of every route of the document.
pub(crate) async fn documented(server: &Server) -> BTreeMap<String, (Method, String)> {
    let document = server.anonymous().get("/api/v1/docs").await.expect(200);
    let mut routes = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            routes.insert(operation["operationId"].as_str().unwrap().to_owned(), (method, path.clone()));
        }
    }
    routes
}

pub(crate) async fn routes(server: &Server) -> Vec<Route> {
    let mut documented = documented(server).await;
    let rows = ROWS.iter().filter_map(|(name, gate, body)| {
        let (method, path) = documented.remove(*name)?;
        Some(Route { method, path, gate: *gate, body })
    });
    rows.collect()
}
