//! Streams of events: an agent's log and a task as they grow (contract sections 6 and 7; `runtime.md` F57).

use std::time::Duration;

use connix_tests::{
    Agent, Client, Event, EventStream, ScriptedWorker, Server, Settings, Store, eventually, exchange, on_every_store,
    resident_bytes, unique, with_every_store,
};
use reqwest::Method;
use serde_json::{Value, json};

on_every_store![
    a_log_is_told_from_its_first_line_on_and_as_it_grows,
    whoever_comes_back_misses_nothing_and_gets_nothing_twice,
    a_stream_begins_where_it_is_told_to,
    a_stream_of_one_level_tells_no_other,
    a_task_is_told_to_its_end,
    the_end_of_a_cancelled_task_is_told_too,
    a_page_is_for_those_who_do_not_ask_for_a_stream,
    a_deleted_agents_streams_end,
    who_may_not_read_may_not_follow,
    what_is_wrong_with_a_stream_is_named,
    a_stream_is_sent_as_it_is,
];
with_every_store![
    a_quiet_stream_gives_signs_of_life,
    a_slow_reader_is_dropped_and_goes_on_where_it_was,
    a_stream_goes_on_after_a_restart,
    a_reader_that_has_gone_leaves_nothing,
];

/// Before everything that a test writes.
const LONG_AGO: &str = "2024-01-15T16:20:00Z";

/// The time of a line. A recent one: old lines are dropped.
fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

async fn agent_with_worker(client: &Client) -> (Agent, ScriptedWorker) {
    let agent = client.external_agent(&client.project().await).await;
    let worker = agent.worker().await;
    (agent, worker)
}

/// Writes lines number `first` to `last`, at most 25 with a call.
async fn write(worker: &ScriptedWorker, first: u64, last: u64, filler: &str) {
    let numbers: Vec<_> = (first..=last).collect();
    for part in numbers.chunks(25) {
        let line = |n: &u64| json!({ "timestamp": now(), "level": "info", "message": format!("line {n}{filler}"), "context": { "n": n } });
        worker.log(part[0], &part.iter().map(line).collect::<Vec<_>>().into()).await.expect(202);
    }
}

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.data["context"]["n"].as_u64().unwrap_or_else(|| panic!("{event:?}"))).collect()
}

fn closed(event: &Event) -> Option<&str> {
    (event.name == "closed").then(|| event.data["reason"].as_str().unwrap())
}

async fn a_log_is_told_from_its_first_line_on_and_as_it_grows(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    write(&worker, 1, 3, "").await;
    let mut stream = client.stream(&agent.path("/logs/stream"), None).await;
    assert_eq!(stream.status, 200);
    assert_eq!(numbers(&stream.take(3).await), [1, 2, 3]);
    for n in 4..8 {
        write(&worker, n, n, "").await;
        let event = stream.next().await.unwrap();
        assert_eq!(event.name, "log");
        assert!(event.id.is_some_and(|id| id > 0));
        let shown = agent.logs(&format!("?limit=1&offset=0&start_time={LONG_AGO}")).await[0].clone();
        assert_eq!(event.data, shown, "an event holds what the page shows");
    }
    let task = agent.task("work").await;
    worker.claimed().await;
    worker.complete(&task.id, 1, "done").await.expect(200);
    assert_eq!(stream.next().await.unwrap().data["message"], "Task completed successfully");
}

/// While 1,000 lines are written, the reader hangs up after every few events and comes back.
async fn whoever_comes_back_misses_nothing_and_gets_nothing_twice(server: &Server) {
    const LINES: u64 = 1000;
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let writing = tokio::spawn(async move { write(&worker, 1, LINES, "").await });
    let path = agent.path("/logs/stream");
    let mut seen: Vec<Event> = Vec::new();
    let mut visit = 0;
    while seen.len() < LINES as usize {
        visit += 1;
        let mut stream = client.stream(&path, seen.last().and_then(|event| event.id)).await;
        let count = (visit * 7 % 60 + 1).min(LINES as usize - seen.len());
        seen.extend(stream.take(count).await);
    }
    writing.await.unwrap();
    assert_eq!(numbers(&seen), (1..=LINES).collect::<Vec<_>>());
    assert!(visit > 20, "it came back {visit} times");
}

async fn a_stream_begins_where_it_is_told_to(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    write(&worker, 1, 9, "").await;
    let all = client.stream(&agent.path("/logs/stream"), None).await.take(9).await;
    let third = all[2].id.unwrap();
    let of =
        async |query: &str, last: Option<i64>| client.stream(&agent.path(&format!("/logs/stream{query}")), last).await;
    assert_eq!(of("", Some(third)).await.take(6).await, all[3..]);
    assert_eq!(of(&format!("?after={third}"), None).await.take(6).await, all[3..], "the parameter, for browsers");
    assert_eq!(of("?after=0", Some(third)).await.take(6).await, all[3..], "the header goes before it");
    assert_eq!(of("?tail=2", None).await.take(2).await, all[7..]);
    assert_eq!(of("?tail=2", Some(third)).await.take(6).await, all[3..], "whoever comes back goes on");
    let mut news = of("?tail=0", None).await;
    write(&worker, 10, 10, "").await;
    assert_eq!(numbers(&news.take(1).await), [10]);
}

async fn a_stream_of_one_level_tells_no_other(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let mut stream = client.stream(&agent.path("/logs/stream?level=error"), None).await;
    write(&worker, 1, 300, "").await;
    let line = json!({ "timestamp": now(), "level": "error", "message": "the only one", "context": {} });
    worker.log(301, &json!([line])).await.expect(202);
    assert_eq!(stream.next().await.unwrap().data["message"], "the only one");
}

async fn a_task_is_told_to_its_end(server: &Server) {
    let client = server.client();
    let agent = client.running_agent(&client.project().await, "gpt-4").await;
    let task = agent.task("hello").await;
    let events = client.stream(&task.path("/events"), None).await.rest().await;
    let done = task.get().await;
    let (end, entries) = events.split_last().unwrap();
    assert_eq!((end.name.as_str(), &end.data), ("task.completed", &done));
    let journal = task.journal().await;
    assert_eq!(entries.iter().map(|event| event.data.clone()).collect::<Vec<_>>(), journal);
    assert_eq!(
        events.iter().map(|event| event.id).collect::<Vec<_>>(),
        (1..=events.len() as i64).map(Some).collect::<Vec<_>>()
    );
    assert!(entries.iter().all(|event| event.data["kind"] == event.name), "{entries:?}");
    // again, from the middle, and after the end
    assert_eq!(client.stream(&task.path("/events"), Some(1)).await.rest().await, events[1..]);
    assert_eq!(
        client.stream(&task.path("/events"), Some(entries.len() as i64)).await.rest().await,
        std::slice::from_ref(end)
    );
    assert_eq!(client.stream(&task.path("/events"), end.id).await.status, 204, "nothing is left to come back for");
}

async fn the_end_of_a_cancelled_task_is_told_too(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let task = agent.task("stop it").await;
    let mut stream = client.stream(&task.path("/events"), None).await;
    worker.claimed().await;
    let step = json!([{ "kind": "message", "data": { "text": "begun" }, "at": now() }]);
    worker.journal(&task.id, 1, 1, &step).await.expect(200);
    assert_eq!(stream.next().await.unwrap().data["data"]["text"], "begun");
    task.cancel().await.expect(200);
    worker.cancelled(&task.id, 1).await.expect(200);
    let end = stream.rest().await;
    assert_eq!((end.len(), end[0].name.as_str(), &end[0].data["status"]), (1, "task.cancelled", &json!("cancelled")));
}

async fn a_page_is_for_those_who_do_not_ask_for_a_stream(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let task = agent.task("quiet").await;
    for accept in ["*/*", "application/json", "text/html, */*;q=0.1"] {
        let page = client.call(Method::GET, &task.path("/events")).header("Accept", accept).send().await.expect(200);
        assert_eq!(page["data"], json!([]), "{accept}");
    }
    client.get(&task.path("/events")).await.expect(200);
}

async fn a_deleted_agents_streams_end(server: &Server) {
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let task = agent.task("never done").await;
    write(&worker, 1, 1, "").await;
    let mut streams: Vec<EventStream> = Vec::new();
    for path in [agent.path("/logs/stream"), task.path("/events")] {
        streams.push(client.stream(&path, None).await);
    }
    agent.delete().await.expect(200);
    for stream in &mut streams {
        let events = stream.rest().await;
        assert_eq!(events.last().and_then(closed), Some("gone"), "{events:?}");
    }
    client.get(&agent.path("/logs/stream")).await.refused(404, "agent_not_found");
}

async fn who_may_not_read_may_not_follow(server: &Server) {
    let owner = server.tenant();
    let agent = owner.client.external_agent(&owner.client.project().await).await;
    let task = agent.task("secret").await;
    let paths = [agent.path("/logs/stream"), task.path("/events")];
    let stranger = server.tenant().client;
    let blind = server.client_with(&server.key(&owner.organisation, &["--permissions", "data.projects.read"]));
    let elsewhere = owner.client.project().await.name;
    let bound = server.client_with(&server.key(&owner.organisation, &["--projects", &elsewhere]));
    for path in &paths {
        let as_stream = |client: &Client| client.call(Method::GET, path).header("Accept", "text/event-stream");
        as_stream(&stranger).send().await.refused(404, "project_not_found");
        as_stream(&bound).send().await.refused(404, "project_not_found");
        as_stream(&blind).send().await.refused(403, "insufficient_permissions");
        as_stream(&server.anonymous()).send().await.refused(401, "unauthorized");
    }
}

async fn what_is_wrong_with_a_stream_is_named(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let table = [
        ("tail=1001", "tail"),
        ("tail=x", "tail"),
        ("tail=1&after=1", "tail"),
        ("after=-1", "after"),
        ("level=trace", "level"),
        ("limit=5", "limit"),
    ];
    for (query, parameter) in table {
        let answer = client.get(&agent.path(&format!("/logs/stream?{query}"))).await;
        assert_eq!(answer.refused_fields(400, "validation_error")[0].0, parameter, "{query}");
    }
    let task = agent.task("x").await;
    for path in [agent.path("/logs/stream"), task.path("/events")] {
        let call = client.call(Method::GET, &path).header("Accept", "text/event-stream").header("Last-Event-ID", "x");
        assert_eq!(call.send().await.refused_fields(400, "validation_error")[0].0, "Last-Event-ID");
    }
}

/// Neither compressed nor buffered, and for HEAD its head alone.
async fn a_stream_is_sent_as_it_is(server: &Server) {
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let stream = client.stream(&agent.path("/logs/stream"), None).await;
    let head = stream.head.to_lowercase();
    for line in [
        "content-type: text/event-stream\r\n",
        "cache-control: private, no-cache\r\n",
        "x-accel-buffering: no\r\n",
        "x-request-id: ",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(!head.contains("content-encoding"), "{head}");
    let (path, key) = (agent.path("/logs/stream"), client.key().to_owned());
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: test\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n");
    let answer = exchange(client.address(), request).await;
    assert_eq!((answer.status(), answer.body()), (Some(200), ""));
}

async fn a_quiet_stream_gives_signs_of_life(store: Store) {
    let server = Server::start(store, Settings::for_tests().with("streams.heartbeat_seconds", "1"));
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let mut stream = client.stream(&agent.path("/logs/stream"), None).await;
    for n in 1..3 {
        stream.comment().await;
        write(&worker, n, n, "").await;
        assert_eq!(numbers(&stream.take(1).await), [n]);
    }
}

async fn a_slow_reader_is_dropped_and_goes_on_where_it_was(store: Store) {
    const LINES: u64 = 3000;
    let server = Server::start(store, Settings::for_tests().with("streams.patience_seconds", "1"));
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    let path = agent.path("/logs/stream");
    let mut slow = client.stream_slowly(&path).await;
    write(&worker, 1, 100, "").await;
    slow.take(1).await;
    let before = resident_bytes(server.pid());
    write(&worker, 101, LINES, &".".repeat(6000)).await;
    tokio::time::sleep(Duration::from_millis(2500)).await; // not reading for longer than the patience is what is tested
    let grown = resident_bytes(server.pid()).saturating_sub(before) / (1024 * 1024);
    assert!(grown < 64, "{grown} MiB");
    let mut seen = slow.rest().await;
    assert_eq!(seen.pop().as_ref().and_then(closed), Some("slow_reader"), "{} events", seen.len());
    assert!(seen.len() < LINES as usize - 1000, "it was dropped: {}", seen.len());
    let mut again = client.stream(&path, seen.last().unwrap().id).await;
    let first = numbers(&seen)[0];
    seen.extend(again.take(LINES as usize + 1 - first as usize - seen.len()).await);
    assert_eq!(numbers(&seen), (first..=LINES).collect::<Vec<_>>());
}

async fn a_stream_goes_on_after_a_restart(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let (agent, worker) = agent_with_worker(&client).await;
    write(&worker, 1, 120, "").await;
    let path = agent.path("/logs/stream");
    let mut stream = client.stream(&path, None).await;
    let mut seen = stream.take(70).await;
    server.kill();
    seen.extend(stream.rest().await);
    server.start_again();
    let worker = agent.worker().await;
    let line = |n: u64| json!({ "timestamp": now(), "level": "info", "message": "after", "context": { "n": n } });
    worker.log(1, &(121..=150).map(line).collect::<Vec<_>>().into()).await.expect(202);
    let mut stream = client.stream(&path, seen.last().unwrap().id).await;
    seen.extend(stream.take(150 - seen.len()).await);
    assert_eq!(numbers(&seen), (1..=150).collect::<Vec<_>>());
    let (status, time) = server.terminate().await;
    assert_eq!(status.code(), Some(0));
    assert!(time < Duration::from_secs(4), "an open stream does not delay the end: {time:?}");
    assert_eq!(stream.rest().await.last().and_then(closed), Some("server_is_ending"));
}

async fn a_reader_that_has_gone_leaves_nothing(store: Store) {
    let server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let agent = client.external_agent(&client.project().await).await;
    let operations = Client::new(server.installation.operations, None);
    let open = async || {
        let text = operations.get("/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix("connix_streams ")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no such figure: {text}")).parse::<u64>().unwrap()
    };
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(client.stream(&agent.path("/logs/stream"), None).await);
    }
    assert_eq!(open().await, 20);
    drop(streams);
    eventually("the streams are gone", async || (open().await == 0).then_some(())).await;
    let name = unique("still-there");
    client.post("/api/v1/projects", &json!({ "name": name })).await.expect(201);
    assert_eq!(agent.get().await["runtime"]["phase"], Value::from("waiting_for_worker"));
}
