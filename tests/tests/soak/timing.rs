//! Neither an answer nor how long it takes tells what exists: wrong texts of a known key and any of an unknown one, what another
//! organisation has and what nobody has, by turns on one connection. The whole campaign sends 2,000 pairs of each kind and looks at the
//! clock; with all other tests on the machine, the answers alone are compared.

use std::time::{Duration, Instant};

use connix_tests::{Server, Settings, Store, Tenant, key_of_nobody, unique, with_every_store, wrong_secret_of};
use reqwest::Request;
use serde_json::{Value, json};

with_every_store![no_answer_tells_by_its_time_which_keys_exist, no_answer_tells_by_its_time_what_others_have];

/// How many pairs, and how far apart they may be as a part of what an answer takes, where that is looked at.
struct Campaign {
    pairs: usize,
    apart: Option<f64>,
}

impl Campaign {
    fn asked_for() -> Self {
        match std::env::var("CONNIX_SOAK").as_deref() {
            Ok("full") => Self { pairs: 2000, apart: Some(0.03) },
            _ => Self { pairs: 20, apart: None },
        }
    }
}

/// Pairs that are not counted.
const WARMING: usize = 20;

struct Caller {
    http: reqwest::Client,
    server: String,
}

impl Caller {
    /// Keeps its connection.
    fn of(server: &Server) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, server: format!("http://{}", server.installation.listen) }
    }

    fn request(&self, path: &str, key: &str) -> Request {
        self.http.get(format!("{}{path}", self.server)).header("X-API-Key", key).build().unwrap()
    }

    /// What is answered, but for the request's id and the name that was asked for, and how long it takes.
    async fn time(&self, request: &Request, status: u16) -> (Value, Duration) {
        let begun = Instant::now();
        let answer = self.http.execute(request.try_clone().unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{}", request.url());
        let text = answer.text().await.unwrap();
        let took = begun.elapsed();
        let asked = request.url().path_segments().unwrap().next_back().unwrap();
        let mut told: Value = serde_json::from_str(&text.replace(asked, "…")).unwrap();
        told["error"].as_object_mut().unwrap().remove("request_id").unwrap();
        (told, took)
    }

    /// What was only somebody else's turn on the machine is gone when it is measured again; what tells them apart is not.
    async fn cannot_tell(&self, what: &str, pair: [Request; 2], status: u16) {
        let campaign = Campaign::asked_for();
        for _ in 0..3 {
            let (apart, time) = self.apart(campaign.pairs, &pair, status).await;
            println!("{what}: {:.0} µs, apart by {:+.1} µs ({:+.2} %)", time * 1e6, apart * 1e6, apart / time * 100.0);
            if campaign.apart.is_none_or(|most| apart.abs() <= most * time) {
                return;
            }
        }
        panic!("{what} can be told apart");
    }

    /// The median of how much longer the first takes than the second, and of what an answer takes, in seconds. They are asked by turns,
    /// each as often before the other as after it.
    async fn apart(&self, pairs: usize, [one, other]: &[Request; 2], status: u16) -> (f64, f64) {
        let (mut differences, mut times) = (Vec::new(), Vec::new());
        for pair in 0..pairs + WARMING {
            let (first, second, sign) = if pair % 2 == 0 { (one, other, 1.0) } else { (other, one, -1.0) };
            let ((told, first), (told_other, second)) =
                (self.time(first, status).await, self.time(second, status).await);
            assert_eq!(told, told_other, "{}", one.url());
            if pair >= WARMING {
                differences.push(sign * (first.as_secs_f64() - second.as_secs_f64()));
                times.push(second.as_secs_f64());
            }
        }
        (median(differences), median(times))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// K04.
async fn no_answer_tells_by_its_time_which_keys_exist(store: Store) {
    let server = Server::start(store, Settings::for_tests());
    let caller = Caller::of(&server);
    let guess = |key: &str| caller.request("/api/v1/hello", key);
    let of_known = wrong_secret_of(&server.first_key);
    let pair = [guess(&of_known), guess(&key_of_nobody())];
    caller.cannot_tell(&format!("{store:?}: a key's name"), pair, 401).await;
}

/// T01, G4.
async fn no_answer_tells_by_its_time_what_others_have(store: Store) {
    let server = Server::start(store, Settings::for_tests());
    let caller = Caller::of(&server);
    let (us, them) = (server.tenant(), server.tenant());
    let own = us.client.project().await.uid;
    for (foreign, absent) in foreign_and_absent(&them, &own).await {
        let pair = [&foreign, &absent].map(|path| caller.request(path, us.client.key()));
        caller.cannot_tell(&format!("{store:?}: {absent}"), pair, 404).await;
    }
}

/// What `them` have of each kind, as somebody asks for it whose own project is `own`; and what nobody has.
async fn foreign_and_absent(them: &Tenant, own: &str) -> [(String, String); 6] {
    let client = &them.client;
    let project = client.project().await;
    let agent = client.external_agent(&project).await.id;
    let member = json!({ "email": format!("{}@example.com", unique("member")), "role": "viewer" });
    let make = async |kind: &str, body| client.post(&format!("/api/v1/{kind}"), &body).await.expect(201)["id"].clone();
    let member = make("members", member).await;
    let team = make("teams", json!({ "name": "theirs" })).await;
    let key = make("api-keys", json!({ "name": "theirs" })).await;
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    let agents = format!("projects/{own}/agents");
    [
        ("projects", project.uid, "proj_00000000000000aa"),
        ("projects", project.id.to_string(), "999999999"),
        (&*agents, agent, "agent_00000000000000aa"),
        ("members", text(&member), "user_00000000000000aa"),
        ("teams", text(&team), "team_00000000000000aa"),
        ("api-keys", text(&key), "cx_0000000000aa"),
    ]
    .map(|(kind, foreign, absent)| (format!("/api/v1/{kind}/{foreign}"), format!("/api/v1/{kind}/{absent}")))
}
