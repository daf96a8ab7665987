//! The authorization matrix: every route of the document × {no credential, missing permission, foreign organisation, invisible
//! project, deleted, random id} (`reliability.md` G4, T01).
//!
//! A route has its row here, with the permission that it needs and a body that it takes; the document and the rows have to name the same
//! routes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use connix_tests::{Answer, Client, Server, Tenant, on_every_store, unique};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    every_route_has_its_row,
    without_a_credential_nothing_is_answered,
    without_its_permission_a_route_is_refused,
    what_is_foreign_is_answered_like_what_is_absent,
    what_was_deleted_is_answered_like_what_is_absent,
    what_an_invisible_project_holds_is_answered_like_what_is_absent,
    below_one_s_own_project_nothing_foreign_is_found,
];

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gate {
    /// Everybody.
    Public,
    /// Every good credential.
    Any,
    /// A credential with this permission.
    Needs(&'static str),
    /// An agent's worker.
    Worker,
}

use Gate::{Any, Needs, Public, Worker};

/// Each route: its name, who may call it, and a body that it takes (`""` for none).
const ROWS: &[(&str, Gate, &str)] = &[
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

type Ids = BTreeMap<&'static str, String>;

/// A route of the document with its row.
struct Route {
    method: Method,
    path: String,
    gate: Gate,
    body: &'static str,
}

impl Route {
    fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    fn at(&self, ids: &Ids) -> String {
        ids.iter().fold(self.path.clone(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id))
    }

    async fn ask(&self, client: &Client, ids: &Ids) -> Answer {
        let call = client.call(self.method.clone(), &self.at(ids)).header("X-Request-ID", "same");
        if self.body.is_empty() { call.send().await } else { call.body("application/json", self.body).send().await }
    }
}

fn absent() -> Ids {
    ABSENT.iter().map(|(name, id)| (*name, (*id).to_owned())).collect()
}

/// Name, method and path of every route of the document.
async fn documented(server: &Server) -> BTreeMap<String, (Method, String)> {
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

async fn routes(server: &Server) -> Vec<Route> {
    let mut documented = documented(server).await;
    let rows = ROWS.iter().filter_map(|(name, gate, body)| {
        let (method, path) = documented.remove(*name)?;
        Some(Route { method, path, gate: *gate, body })
    });
    rows.collect()
}

/// Makes one of everything that a path can name.
async fn one_of_everything(tenant: &Tenant) -> Ids {
    let client = &tenant.client;
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let task = agent.task("wait").await;
    let email = format!("{}@example.com", unique("member"));
    let member = client.post("/api/v1/members", &json!({ "email": email, "role": "viewer" })).await.expect(201);
    let team = client.post("/api/v1/teams", &json!({ "name": unique("team") })).await.expect(201);
    let key = client.post("/api/v1/api-keys", &json!({ "name": unique("key") })).await.expect(201);
    let application = json!({
        "name": unique("application"),
        "type": "confidential",
        "redirect_uris": ["https://app.example/cb"],
        "scopes": ["read", "write"],
    });
    let application = client.post("/api/v1/oauth-clients", &application).await.expect(201);
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let mut ids = absent();
    ids.extend([
        ("project", project.uid),
        ("agent", agent.id.clone()),
        ("task", task.id),
        ("member", text(&member)),
        ("team", text(&team)),
        ("api_key", text(&key)),
        ("client", application["client_id"].as_str().unwrap().to_owned()),
    ]);
    ids
}

/// The same status and bytes as for what is absent, once its ids are put in the place of the others.
#[track_caller]
fn assert_alike(route: &Route, answer: &Answer, ids: &Ids, of_absent: &Answer, none: &Ids) {
    let text = ids.iter().fold(answer.text(), |text, (name, id)| text.replace(id.as_str(), &none[name]));
    assert_eq!((answer.status, of_absent.status), (404, 404), "{}: {}", route.title(), answer.text());
    assert_eq!(text, of_absent.text(), "{}", route.title());
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(names(answer), names(of_absent), "{}", route.title());
}

/// Asks each route that names something for `ids`, and compares with the answer for what is absent.
async fn all_alike(server: &Server, client: &Client, ids: &Ids, about: impl Fn(&Route) -> bool) {
    let none = absent();
    let mut asked = 0;
    for route in routes(server).await {
        let named = !matches!(route.gate, Public | Worker) && route.parameters().next().is_some();
        if named && about(&route) {
            let (answer, of_absent) = (route.ask(client, ids).await, route.ask(client, &none).await);
            assert_alike(&route, &answer, ids, &of_absent, &none);
            asked += 1;
        }
    }
    assert!(asked > 0, "no route was asked");
}

async fn every_route_has_its_row(server: &Server) {
    let documented: BTreeSet<_> = documented(server).await.into_keys().collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(rows.len(), ROWS.len(), "a route has two rows");
    assert_eq!(documented, rows);
}

async fn without_a_credential_nothing_is_answered(server: &Server) {
    let (anonymous, none) = (server.anonymous(), absent());
    for route in routes(server).await {
        let status = route.ask(&anonymous, &none).await.status;
        match route.gate {
            Public => assert_ne!(status, 401, "{}", route.title()),
            Any | Needs(_) | Worker => assert_eq!(status, 401, "{}", route.title()),
        }
    }
}

async fn without_its_permission_a_route_is_refused(server: &Server) {
    let tenant = server.tenant();
    let ids = one_of_everything(&tenant).await;
    let all = tenant.client.get("/api/v1/me").await.expect(200)["permissions"].clone();
    let all: Vec<_> = all.as_array().unwrap().iter().map(|held| held.as_str().unwrap().to_owned()).collect();
    let mut clients: BTreeMap<&str, Client> = BTreeMap::new();
    for route in routes(server).await {
        match route.gate {
            Needs(permission) => {
                let client = clients.entry(permission).or_insert_with(|| {
                    let others: Vec<_> = all.iter().filter(|held| *held != permission).map(String::as_str).collect();
                    assert_eq!(others.len() + 1, all.len(), "{permission} is none");
                    server.client_with(&server.key(&tenant.organisation, &["--permissions", &others.join(",")]))
                });
                let answer = route.ask(client, &ids).await;
                assert_eq!(answer.status, 403, "{}: {}", route.title(), answer.text());
            }
            Worker => assert_eq!(route.ask(&tenant.client, &ids).await.status, 401, "{}", route.title()),
            Public | Any => {}
        }
    }
    tenant.client.get(&format!("/api/v1/projects/{}", ids["project"])).await.expect(200);
}

/// T01, T02, T18.
async fn what_is_foreign_is_answered_like_what_is_absent(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    let ids = one_of_everything(&them).await;
    all_alike(server, &us.client, &ids, |_| true).await;
    let kinds = [
        ("projects", "project"),
        ("members", "member"),
        ("teams", "team"),
        ("api-keys", "api_key"),
        ("oauth-clients", "client"),
    ];
    for (kind, parameter) in kinds {
        let id = &ids[parameter];
        them.client.get(&format!("/api/v1/{kind}/{id}")).await.expect(200);
    }
}

async fn what_was_deleted_is_answered_like_what_is_absent(server: &Server) {
    let tenant = server.tenant();
    let client = &tenant.client;
    let ids = one_of_everything(&tenant).await;
    client.delete(&format!("/api/v1/teams/{}", ids["team"])).await.expect(200);
    client.delete(&format!("/api/v1/api-keys/{}", ids["api_key"])).await.expect(200);
    client.delete(&format!("/api/v1/oauth-clients/{}", ids["client"])).await.expect(200);
    client.delete(&format!("/api/v1/projects/{}?cascade=true", ids["project"])).await.expect(200);
    // a member is never deleted
    all_alike(server, client, &ids, |route| !route.path.starts_with("/api/v1/members")).await;
}

/// T05.
async fn what_an_invisible_project_holds_is_answered_like_what_is_absent(server: &Server) {
    let tenant = server.tenant();
    let ids = one_of_everything(&tenant).await;
    let other = format!("{}@example.com", unique("other"));
    let body = json!({ "email": other, "role": "member" });
    tenant.client.post("/api/v1/members", &body).await.expect(201);
    let member = server.client_with(&server.key(&tenant.organisation, &["--member", &other]));
    all_alike(server, &member, &ids, |route| route.path.contains("{project}")).await;
}

/// T03.
async fn below_one_s_own_project_nothing_foreign_is_found(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    let (ours, theirs) = (one_of_everything(&us).await, one_of_everything(&them).await);
    for (own, foreign) in [(&["project"][..], "agent"), (&["project", "agent"], "task"), (&["team"], "member")] {
        let (mut ids, mut none) = (theirs.clone(), absent());
        for name in own {
            let name = *ours.keys().find(|key| *key == name).unwrap();
            ids.insert(name, ours[name].clone());
            none.insert(name, ours[name].clone());
        }
        let mut asked = 0;
        for route in routes(server).await.iter().filter(|route| !matches!(route.gate, Public | Worker)) {
            let below = route.parameters().last() == Some(foreign) && route.parameters().count() == own.len() + 1;
            if below {
                let (answer, of_absent) = (route.ask(&us.client, &ids).await, route.ask(&us.client, &none).await);
                assert_alike(route, &answer, &ids, &of_absent, &none);
                asked += 1;
            }
        }
        assert!(asked > 0, "{foreign}");
    }
}
