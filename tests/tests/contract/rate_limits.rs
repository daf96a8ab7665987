//! Rate limits (contract section 3; `reliability.md` 2.10 and tables R and K). Each case has a key of its own, so that none
//! takes from another's budgets. A window may end in the midst of a case: what passes is counted by the windows that answers name.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use connix_tests::{Answer, Client, FakeModel, Server, Settings, Store, unique, with_every_store};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

with_every_store![
    the_hundred_and_first_request_of_a_minute_is_refused,
    whoever_has_used_an_hour_up_waits_for_the_next,
    an_agent_that_is_one_too_many_is_not_made,
    an_agent_is_got_two_hundred_times_a_minute,
    every_answer_to_a_key_says_what_is_left_and_no_other_does,
    a_request_that_the_minute_refuses_does_not_count_in_the_hour,
    of_many_at_once_exactly_the_limit_passes,
    keys_of_one_organisation_have_budgets_of_their_own,
    keys_that_take_each_other_s_place_share_theirs,
    a_limit_goes_before_a_missing_permission_and_after_a_missing_credential,
    wrong_credentials_are_limited_by_address_and_missing_ones_are_not,
    what_tasks_use_is_charged_and_none_is_started_when_nothing_is_left,
    nothing_is_limited_where_limits_are_off,
];

const PROJECTS: &str = "/api/v1/projects";
const AGENTS: &str = "/api/v1/projects/default/agents";

fn limiting() -> Settings {
    Settings::for_tests().with("rate_limits.enabled", "true")
}

/// The server of a store that the cases of this file share.
fn server(store: Store) -> &'static Server {
    static SQLITE: OnceLock<Server> = OnceLock::new();
    static POSTGRES: OnceLock<Server> = OnceLock::new();
    let slot = match store {
        Store::Sqlite => &SQLITE,
        Store::Postgres => &POSTGRES,
    };
    slot.get_or_init(|| Server::start(store, limiting()))
}

/// A new key of the default organisation.
fn key(store: Store) -> Client {
    let server = server(store);
    server.client_with(&server.key("default", &[]))
}

/// Waits until so many seconds of the clock minute are left, since a case must not run over its border.
async fn minute_with(seconds: u64) {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let left = Duration::from_secs(60) - Duration::from_millis((now.as_millis() % 60_000) as u64);
        if left >= Duration::from_secs(seconds) {
            return;
        }
        tokio::time::sleep(left + Duration::from_millis(50)).await;
    }
}

fn number(answer: &Answer, header: &str) -> u64 {
    let text = answer.header(header).unwrap_or_else(|| panic!("{}: no {header}", answer.title));
    text.parse().unwrap_or_else(|_| panic!("{}: {header}: {text}", answer.title))
}

fn left(answer: &Answer, policy: &str) -> u64 {
    number(answer, &format!("x-ratelimit-remaining{policy}"))
}

/// When the minute of an answer ends.
fn window(answer: &Answer) -> u64 {
    number(answer, "x-ratelimit-reset")
}

/// How many answers there are, and how many of them passed, by the window that each names.
fn by_window(answers: &[Answer], window: impl Fn(&Answer) -> u64) -> BTreeMap<u64, (usize, usize)> {
    let mut windows: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for answer in answers {
        let (sent, passed) = windows.entry(window(answer)).or_default();
        *sent += 1;
        *passed += usize::from(answer.status == 200);
    }
    windows
}

/// Sends, a few at a time, until one is refused: in its minute exactly the limit has passed. Gives the refusal, and how many have
/// passed in all.
async fn until_refused(limit: u64, send: impl AsyncFn() -> Answer) -> (Answer, u64) {
    let mut passed: BTreeMap<u64, u64> = BTreeMap::new();
    while passed.len() < 5 {
        let answers = join_all((0..10).map(|_| send())).await;
        for answer in answers.iter().filter(|answer| answer.status != 429) {
            *passed.entry(window(answer)).or_default() += 1;
        }
        if let Some(refused) = answers.into_iter().find(|answer| answer.status == 429) {
            // a budget that others used up before lets nothing pass
            let in_window = passed.get(&window(&refused)).copied().unwrap_or(0);
            assert!([0, limit].contains(&in_window), "{}: {passed:?}", refused.title);
            return (refused, passed.values().sum());
        }
    }
    panic!("within five minutes no request was refused: {passed:?}");
}

/// A 429: the same number of seconds everywhere, not beyond the window.
fn limited(answer: &Answer, code: &str, window: u64) -> String {
    let error = answer.refused(429, code);
    let seconds = number(answer, "retry-after");
    assert_eq!(error["retry_after"].as_u64(), Some(seconds), "{error}");
    assert!((1..=window).contains(&seconds), "{error}");
    let message = error["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&format!("{seconds} seconds")), "{error}");
    message
}

/// R01.
async fn the_hundred_and_first_request_of_a_minute_is_refused(store: Store) {
    let client = key(store);
    let (refused, _) = until_refused(100, async || client.get(PROJECTS).await).await;
    limited(&refused, "RATE_LIMIT_EXCEEDED", 60);
    assert_eq!(left(&refused, ""), 0);
    let (refused, _) = until_refused(100, async || client.get("/v1/projects").await).await;
    limited(&refused, "request.rate_limited", 60);
}

/// R02, with a smaller figure.
async fn whoever_has_used_an_hour_up_waits_for_the_next(store: Store) {
    let few = json!({ "name": unique("few"), "rate_limits": { "requests_per_hour": 30 } });
    let made = key(store).post("/api/v1/api-keys", &few).await.expect(201);
    let client = server(store).client_with(made["key"].as_str().unwrap());
    let answers = join_all((0..70).map(|_| client.get("/api/v1/hello"))).await;
    let hour = |answer: &Answer| number(answer, "x-ratelimit-reset-requests");
    let hours = by_window(&answers, hour);
    assert!(hours.values().all(|(sent, passed)| *passed == (*sent).min(30)), "{hours:?}");
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    limited(refused, "RATE_LIMIT_EXCEEDED", 3600);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!((hour(refused) - number(refused, "retry-after")).abs_diff(now) <= 5, "it waits for the hour's end");
    assert!(left(refused, "") > 0, "the minute has some left");
}

/// R03, and the sentence that AGNT shows.
async fn an_agent_that_is_one_too_many_is_not_made(store: Store) {
    let client = key(store);
    let project = client.project().await;
    let agents = format!("{PROJECTS}/{}/agents", project.id);
    let make = async || client.post(&agents, &json!({ "name": unique("agent"), "runtime": "external" })).await;
    let (refused, made) = until_refused(10, make).await;
    let message = limited(&refused, "rate_limit_exceeded", 60);
    assert!(message.starts_with("Rate limit exceeded. Try again in "), "{message}");
    assert_eq!(client.get(&agents).await.expect(200)["pagination"]["total"], made);
}

/// R04: not bound by the 100 of other routes.
async fn an_agent_is_got_two_hundred_times_a_minute(store: Store) {
    let client = key(store);
    let agent = client.external_agent(&client.project().await).await;
    let (refused, _) = until_refused(200, async || client.get(&agent.path("")).await).await;
    limited(&refused, "rate_limit_exceeded", 60);
    client.get(PROJECTS).await.expect(200);
}

/// R06.
async fn every_answer_to_a_key_says_what_is_left_and_no_other_does(store: Store) {
    let client = key(store);
    let calls = [
        (client.call(Method::GET, PROJECTS), 200),
        (client.call(Method::GET, "/api/v1/projects/no-such-project"), 404),
        (client.call(Method::GET, "/api/v1/projects?limit=0"), 400),
        (client.call(Method::POST, PROJECTS).body("text/plain", "x"), 415),
    ];
    let mut before = BTreeMap::new();
    for (call, status) in calls {
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{}", answer.title);
        for (policy, window, limit, taken) in
            [("", 60, 100, 1), ("-requests", 3600, 1000, 1), ("-tokens", 3600, 10_000, 0)]
        {
            let reset = number(&answer, &format!("x-ratelimit-reset{policy}"));
            assert_eq!(reset % window, 0, "{}", answer.title);
            assert_eq!(number(&answer, &format!("x-ratelimit-limit{policy}")), limit);
            let left = left(&answer, policy);
            assert_eq!(left, before.get(&(policy, reset)).copied().unwrap_or(limit) - taken, "{}", answer.title);
            before.insert((policy, reset), left);
        }
    }
    let anonymous = server(store).anonymous();
    let without = [anonymous.get(PROJECTS).await, anonymous.get("/api/v1/status").await, client.get("/nowhere").await];
    for answer in without {
        let shown = answer.headers.keys().filter(|name| name.as_str().starts_with("x-ratelimit"));
        assert_eq!(shown.count(), 0, "{}", answer.title);
    }
}

/// R08.
async fn a_request_that_the_minute_refuses_does_not_count_in_the_hour(store: Store) {
    let client = key(store);
    let none = json!({ "name": "" });
    until_refused(10, async || client.post(AGENTS, &none).await).await;
    let (first, _) = until_refused(10, async || client.post(AGENTS, &none).await).await;
    let (again, _) = until_refused(10, async || client.post(AGENTS, &none).await).await;
    if window(&again) == window(&first) {
        assert_eq!(left(&again, "-requests"), left(&first, "-requests"));
    }
    let after = client.get(PROJECTS).await;
    let same = number(&after, "x-ratelimit-reset-requests") == number(&again, "x-ratelimit-reset-requests");
    assert!(!same || left(&after, "-requests") == left(&again, "-requests") - 1);
}

/// R11: a killed server's leases are lost with it, and the one after it goes on with what is left of the minute.
#[tokio::test]
async fn across_a_kill_no_more_than_the_limit_passes() {
    let mut server = Server::start(Store::Postgres, limiting());
    let client = server.client();
    minute_with(40).await;
    let mut answers = join_all((0..60).map(|_| client.get("/api/v1/hello"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    server.kill();
    server.start_again();
    answers.extend(join_all((0..200).map(|_| client.get("/api/v1/hello"))).await);
    let windows = by_window(&answers, window);
    assert!(windows.values().any(|(sent, passed)| passed < sent), "none is refused: {windows:?}");
    assert!(windows.values().all(|(_, passed)| *passed <= 100), "{windows:?}");
}

/// Contract section 3, over sockets.
async fn of_many_at_once_exactly_the_limit_passes(store: Store) {
    let client = key(store);
    let answers = join_all((0..150).map(|_| client.get("/api/v1/hello"))).await;
    let windows = by_window(&answers, window);
    for (sent, passed) in windows.values() {
        assert_eq!(*passed, (*sent).min(100), "{windows:?}");
    }
}

/// R09.
async fn keys_of_one_organisation_have_budgets_of_their_own(store: Store) {
    let unknown = format!("{AGENTS}/agent_0000000000000000");
    for client in [key(store), key(store)] {
        let (refused, passed) = until_refused(20, async || client.put(&unknown, &json!({})).await).await;
        refused.refused(429, "rate_limit_exceeded");
        assert!(passed >= 20);
    }
}

/// R09.
async fn keys_that_take_each_other_s_place_share_theirs(store: Store) {
    let old = key(store);
    let id = &old.key()[..15];
    let new = old.act(&format!("/api/v1/api-keys/{id}/rotate")).await.expect(201);
    let both = [&old, &server(store).client_with(new["key"].as_str().unwrap())];
    let (unknown, sent) = (format!("{AGENTS}/agent_0000000000000000"), AtomicUsize::new(0));
    let by_turns = async || both[sent.fetch_add(1, Ordering::Relaxed) % 2].put(&unknown, &json!({})).await;
    let (refused, passed) = until_refused(20, by_turns).await;
    refused.refused(429, "rate_limit_exceeded");
    assert!(passed >= 20);
}

/// Contract section 2, order of checks.
async fn a_limit_goes_before_a_missing_permission_and_after_a_missing_credential(store: Store) {
    let server = server(store);
    let reader = server.client_with(&server.key("default", &["--scopes", "read"]));
    let forbidden = async || {
        let answer = reader.post(AGENTS, &json!({ "name": "x" })).await;
        assert!(matches!(answer.status, 403 | 429), "{}", answer.status);
        answer
    };
    let (refused, _) = until_refused(10, forbidden).await;
    refused.refused(429, "rate_limit_exceeded");
    server.anonymous().post(AGENTS, &json!({ "name": "x" })).await.refused(401, "unauthorized");
}

/// K16, R13.
async fn wrong_credentials_are_limited_by_address_and_missing_ones_are_not(store: Store) {
    let server = Server::start(store, limiting());
    let (good, anonymous) = (server.client(), server.anonymous());
    good.get("/api/v1/hello").await.expect(200);
    minute_with(40).await;
    for answer in join_all((0..100).map(|_| anonymous.get("/api/v1/hello"))).await {
        answer.refused(401, "UNAUTHORIZED");
    }
    let wrong = ["cx_0123456789AB_abcdefghijklmnopqrstuvwxyz0123452BwCOv", "cx_your_api_key_here", "", "Basic"];
    let clients: Vec<_> = wrong.iter().cycle().take(80).map(|key| server.client_with(key)).collect();
    let answers = join_all(clients.iter().map(|client| client.get("/api/v1/hello"))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (60, 20));
    for key in wrong {
        limited(&server.client_with(key).get("/api/v1/hello").await, "RATE_LIMIT_EXCEEDED", 60);
    }
    good.get("/api/v1/hello").await.expect(200);
    let elsewhere = server.client_with(wrong[0]).from("127.0.0.2".parse().unwrap());
    elsewhere.get("/api/v1/hello").await.refused(401, "UNAUTHORIZED");
}

/// Contract section 3, tokens. The model says that each answer cost 12.
async fn what_tasks_use_is_charged_and_none_is_started_when_nothing_is_left(store: Store) {
    let model = FakeModel::start().await;
    let wide = ["requests_per_hour", "requests_per_minute", "agents.get"];
    let settings = Settings::with_model(&model).with("rate_limits.enabled", "true");
    let settings = wide.iter().fold(settings, |all, name| all.with(&format!("rate_limits.{name}"), "100000"));
    let server = Server::start(store, settings.with("rate_limits.tokens_per_hour", "30"));
    minute_with(30).await;
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let mut used = 0;
    while used < 30 {
        let task = client.post(&agent.path("/tasks?wait=30"), &json!({ "input": "work" })).await.expect(201);
        assert_eq!(task["status"], "completed", "{task}");
        used += task["usage"]["total_tokens"].as_u64().unwrap();
        assert_eq!(left(&client.get(PROJECTS).await, "-tokens"), 30_u64.saturating_sub(used));
    }
    for (path, body) in [("/tasks", json!({ "input": "more" })), ("/restart", json!({})), ("/start", json!({}))] {
        limited(&client.post(&agent.path(path), &body).await, "rate_limit_exceeded", 3600);
    }
    let other = server.client_with(&server.key("default", &[]));
    other.post(&agent.path("/tasks"), &json!({ "input": "of another key" })).await.expect(201);
    client.get(&agent.path("")).await.expect(200);
    client.act(&agent.path("/stop")).await.expect(200);
}

async fn nothing_is_limited_where_limits_are_off(store: Store) {
    let server = Server::shared(store);
    let client = server.client_with(&server.key("default", &[]));
    for _ in 0..11 {
        for answer in join_all((0..10).map(|_| client.get("/api/v1/hello"))).await {
            answer.expect(200);
            assert_eq!(answer.header("x-ratelimit-limit"), None);
        }
    }
}
