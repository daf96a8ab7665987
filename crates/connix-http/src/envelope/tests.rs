//! What every exchange has, asked of the whole route table.

use super::*;
use crate::route::table;
use crate::server::around_routes;
use actix_web::http::Method;
use actix_web::test::{self, TestRequest};
use actix_web::web;
use connix_application::ClientOrigins;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Remembers what was counted.
#[derive(Default)]
struct Counted(Mutex<Vec<(String, u16)>>);

impl Metrics for Counted {
    fn request(&self, _: &str, route: &str, status: u16, _: Duration) {
        self.0.lock().unwrap().push((route.to_owned(), status));
    }
    fn committed(&self, _: usize, _: Duration) {}
    fn task_ended(&self, _: &'static str) {}
    fn tokens(&self, _: &str, _: u64, _: u64) {}
    fn streams(&self, _: i64) {}
    fn agent_launched(&self) {}
    fn agent_crashed(&self) {}
}

/// What the API answers before it needs an application, and what was counted.
async fn exchange(request: TestRequest) -> (HttpResponse, Vec<(String, u16)>) {
    let counted = Arc::new(Counted::default());
    let cors = Cors::new(vec!["https://app.example.com".to_owned()], ClientOrigins::default());
    let broken = || async { Err::<HttpResponse, _>(Problem::internal("the cause")) };
    let app = around_routes(cors, counted.clone()).route("/broken", web::get().to(broken));
    let service = test::init_service(app).await;
    let response = test::call_service(&service, request.to_request()).await;
    let (_, response) = response.into_parts();
    let counted = counted.0.lock().unwrap().clone();
    (response, counted)
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

fn header<'r>(response: &'r HttpResponse, name: &str) -> &'r str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

fn error(response: HttpResponse) -> Value {
    let body = response.into_body().try_into_bytes().unwrap();
    serde_json::from_slice::<Value>(&body).unwrap()["error"].take()
}

#[actix_web::test]
async fn every_answer_has_an_id_a_time_and_nosniff() {
    for (path, status) in [("/api/v1/docs", 200), ("/nowhere", 404), ("/api/v1/projects", 401), ("/broken", 500)] {
        let (response, _) = exchange(get(path).insert_header(("x-request-id", "mine-1"))).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(header(&response, "x-request-id"), "mine-1");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert!(header(&response, "x-response-time").ends_with("ms"));
    }
}

#[actix_web::test]
async fn paths_that_are_no_route_are_404_in_the_vocabulary_of_their_mount() {
    for (path, code) in [
        ("/", "RESOURCE_NOT_FOUND"),
        ("/api/v1/nothing", "RESOURCE_NOT_FOUND"),
        ("/api/v1/projects/", "RESOURCE_NOT_FOUND"),
        ("//api/v1/projects", "RESOURCE_NOT_FOUND"),
        ("/api/v1/./projects", "RESOURCE_NOT_FOUND"),
        ("/api/v1/projects/1/agents/", "not_found"),
        ("/api/v1/worker/nothing", "not_found"),
        ("/v1/nothing", "request.not_found"),
    ] {
        let (response, counted) = exchange(get(path)).await;
        assert_eq!(counted, [("unmatched".to_owned(), 404)], "{path}");
        assert_eq!(error(response)["code"], code, "{path}");
    }
}

#[actix_web::test]
async fn another_method_is_405_with_those_that_are_allowed() {
    for (method, path, code, allow) in [
        (Method::DELETE, "/api/v1/hello", "METHOD_NOT_ALLOWED", "GET, HEAD"),
        (Method::PUT, "/api/v1/projects", "METHOD_NOT_ALLOWED", "POST, GET, HEAD"),
        (Method::TRACE, "/api/v1/projects/1/agents", "method_not_allowed", "POST, GET, HEAD"),
        (Method::PATCH, "/v1/projects", "request.method_not_allowed", "POST, GET, HEAD"),
    ] {
        let (response, _) = exchange(TestRequest::default().method(method).uri(path)).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(header(&response, "allow"), allow, "{path}");
        assert_eq!(error(response)["code"], code, "{path}");
    }
}

#[actix_web::test]
async fn a_call_without_credentials_is_401_before_its_body_is_looked_at() {
    let request = TestRequest::post().uri("/api/v1/projects/1/agents").set_payload("not json");
    let (response, counted) = exchange(request).await;
    assert_eq!(counted, [("/api/v1/projects/{project}/agents".to_owned(), 401)]);
    let error = error(response);
    assert_eq!(error["code"], "unauthorized");
    assert_eq!(error["message"], "Invalid API key or expired token");
}

#[actix_web::test]
async fn long_targets_and_large_heads_are_refused() {
    let long = format!("/api/v1/hello?name={}", "x".repeat(9 * 1024));
    let (response, _) = exchange(get(&long)).await;
    assert_eq!(response.status(), StatusCode::URI_TOO_LONG);
    assert_eq!(error(response)["code"], "URI_TOO_LONG");
    let (response, _) = exchange(get("/").insert_header(("x-large", "x".repeat(9 * 1024)))).await;
    assert_eq!(response.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let many = (0..65).fold(get("/"), |request, n| request.append_header((format!("x-{n}"), "y")));
    assert_eq!(exchange(many).await.0.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

/// O15, of every page, whatever it is asked.
#[actix_web::test]
async fn what_browsers_are_answered_is_kept_by_nobody_framed_by_nobody_and_runs_nothing() {
    let paths: BTreeSet<_> = table().map(|route| route.path).filter(|path| is_page(path)).collect();
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths.into_iter().chain(["/console/nothing"]) {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::DELETE] {
            let (answer, _) = exchange(TestRequest::default().method(method.clone()).uri(path)).await;
            let policy = header(&answer, "content-security-policy");
            for word in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
                assert!(policy.contains(word), "{method} {path}: {word} in {policy}");
            }
            assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{method} {path}: {policy}");
            assert_eq!(header(&answer, "x-frame-options"), "DENY", "{method} {path}");
            assert_eq!(header(&answer, "referrer-policy"), "no-referrer", "{method} {path}");
            let style = path.ends_with(".css") && answer.status() == StatusCode::OK;
            let kept = if style { "public, max-age=3600" } else { "no-store" };
            assert_eq!(header(&answer, "cache-control"), kept, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_browser_is_shown_a_page_of_what_went_wrong() {
    for (method, path, status, sentence) in [
        (Method::GET, "/console/nothing", 404, "There is no such page."),
        (Method::DELETE, "/console/sign-in", 405, "The method is not allowed"),
        (Method::GET, "/console", 500, "by the id mine-1"),
    ] {
        let request = TestRequest::default().method(method).uri(path).insert_header(("x-request-id", "mine-1"));
        let (answer, _) = exchange(request).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8", "{path}");
        let page = answer.into_body().try_into_bytes().unwrap();
        let page = str::from_utf8(&page).unwrap();
        assert!(page.contains(sentence) && !page.contains("no application"), "{path}: {page}");
    }
}

#[actix_web::test]
async fn a_failure_shows_nothing_of_its_cause() {
    let (response, _) = exchange(get("/broken")).await;
    let error = error(response);
    assert_eq!(error["code"], "INTERNAL_ERROR");
    assert!(!error.to_string().contains("the cause"));
}

#[actix_web::test]
async fn only_listed_origins_may_call_from_elsewhere() {
    let preflight = |origin: &str| {
        let request = TestRequest::default().method(Method::OPTIONS).uri("/api/v1/projects");
        request.insert_header(("origin", origin)).insert_header(("access-control-request-method", "POST"))
    };
    let (listed, _) = exchange(preflight("https://app.example.com")).await;
    assert_eq!(listed.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&listed, "access-control-allow-origin"), "https://app.example.com");
    let (other, _) = exchange(preflight("https://evil.example")).await;
    assert_eq!(other.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&other, "access-control-allow-origin"), "");
    let (answer, _) = exchange(get("/api/v1/docs").insert_header(("origin", "https://app.example.com"))).await;
    assert!(header(&answer, "access-control-expose-headers").contains("X-Request-ID"));
}

#[actix_web::test]
async fn a_long_answer_is_compressed_for_who_takes_it() {
    let (plain, _) = exchange(get("/api/v1/docs")).await;
    let (packed, _) = exchange(get("/api/v1/docs").insert_header(("accept-encoding", "gzip"))).await;
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    let (plain, packed) = (plain.into_body().size(), packed.into_body().size());
    let actix_web::body::BodySize::Sized(plain) = plain else { panic!("no length") };
    let actix_web::body::BodySize::Sized(packed) = packed else { panic!("no length") };
    assert!(packed < plain / 4, "{packed} of {plain}");
}

#[actix_web::test]
async fn a_route_that_can_be_read_answers_head_too() {
    let (response, _) = exchange(TestRequest::default().method(Method::HEAD).uri("/api/v1/docs")).await;
    assert_eq!(response.status(), StatusCode::OK);
}

/// Sends the head of a request, then pieces of a body for as long as the server takes them; gives what it answered.
async fn endless(head: &str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = actix_web::HttpServer::new(|| around_routes(Cors::default(), Arc::new(Counted::default())));
    let server = server.workers(1).disable_signals().client_disconnect_timeout(Duration::from_millis(50));
    let server = server.listen(listener).unwrap().run();
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = connection.split();
    let mut answer = Vec::new();
    let send = async { while to.write_all(b"1\r\n \r\n").await.is_ok() {} };
    // a server that closes while bytes are under way may end the connection with a reset instead of an end
    let (_, ()) = futures_util::future::join(from.read_to_end(&mut answer), send).await;
    handle.stop(false).await;
    serving.await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_connection_whose_body_nobody_wants_is_closed_and_not_read_for_ever() {
    let answer = endless("POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"), "{answer}");
}
