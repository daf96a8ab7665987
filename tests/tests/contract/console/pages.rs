//! What every page may do: show itself and send its form (`reliability.md` 2.4; O15, O17).

use connix_tests::{Answer, CALLBACK, Server, on_every_store, unique};
use serde_json::json;

use super::{browser_elsewhere, try_to_sign_in};

on_every_store![no_page_is_kept_or_framed_or_runs_anything, only_pages_of_a_request_lead_to_its_application];

/// The only value of a header.
#[track_caller]
fn only<'a>(answer: &'a Answer, name: &str) -> &'a str {
    assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{}: {name}", answer.title);
    answer.header(name).unwrap()
}

/// To which origins a page's form leads.
#[track_caller]
fn leads_to(answer: &Answer) -> &str {
    let policy = only(answer, "content-security-policy");
    let directive = policy.split("; ").find_map(|directive| directive.strip_prefix("form-action "));
    directive.unwrap_or_else(|| panic!("{}: {policy}", answer.title))
}

#[track_caller]
fn is_strict(answer: &Answer) {
    let policy = only(answer, "content-security-policy");
    let mut directives: Vec<_> =
        policy.split("; ").filter(|directive| !directive.starts_with("form-action ")).collect();
    directives.sort_unstable();
    let strictest = ["base-uri 'none'", "default-src 'none'", "frame-ancestors 'none'", "style-src 'self'"];
    assert_eq!(directives, strictest, "{}", answer.title);
    assert_eq!(only(answer, "x-frame-options"), "DENY", "{}", answer.title);
    assert_eq!(only(answer, "referrer-policy"), "no-referrer", "{}", answer.title);
    assert_eq!(only(answer, "cache-control"), "no-store", "{}", answer.title);
    assert_eq!(only(answer, "x-content-type-options"), "nosniff", "{}", answer.title);
    if answer.status != 303 {
        assert_eq!(only(answer, "content-type"), "text/html; charset=utf-8", "{}", answer.title);
        let text = answer.text();
        assert!(text.starts_with("<!doctype html>"), "{}: {text}", answer.title);
        assert!(!text.contains("<script") && !text.contains(" style="), "{}: {text}", answer.title);
    }
}

async fn no_page_is_kept_or_framed_or_runs_anything(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let application = tenant.client.application("public").await;
    let invited = json!({ "email": format!("{}@example.com", unique("invited")), "role": "member" });
    let link = tenant.client.post("/api/v1/members", &invited).await.expect(201)["password_link"]["url"].clone();
    let (_, link) = link.as_str().unwrap().split_once("/console/").unwrap();
    let link = format!("/console/{link}");

    let mut stranger = browser_elsewhere(server);
    let mut browser = server.browser_of(&member).await;
    let password = browser.get("/console/password").await.form(200).with("password", "wrong").with("new_password", "x");
    let forged = stranger.get("/console/sign-in").await.form(200).with("token", "");
    let answers = [
        (303, stranger.get("/console").await),
        (303, stranger.get("/console/password").await),
        (303, stranger.get(&application.question("read").path()).await),
        (200, stranger.get("/console/sign-in").await),
        (200, stranger.get(&link).await),
        (400, stranger.get("/console/password?token=none").await),
        (400, stranger.get("/console/sign-in?request=none").await),
        (400, stranger.get("/console/consent?request=none").await),
        (400, stranger.get("/oauth2/authorize").await),
        (404, stranger.get("/console/nothing").await),
        (401, try_to_sign_in(&mut stranger, &member.email, "wrong").await),
        (303, stranger.submit(&password).await),
        (403, stranger.submit(&forged).await),
        (200, browser.get("/console").await),
        (200, browser.get("/console/password").await),
        (200, browser.visit(&application.question("read").path()).await),
        (401, browser.submit(&password).await),
        (405, browser.get("/console/sign-out").await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status, "{}: {}", answer.title, answer.text());
        is_strict(&answer);
    }
}

/// Without it Chromium would not follow the answer back to the application.
async fn only_pages_of_a_request_lead_to_its_application(server: &Server) {
    let tenant = server.tenant();
    let application = tenant.client.application("public").await;
    let question = application.question("read").path();
    let with_application = format!("'self' {}", CALLBACK.strip_suffix("/callback").unwrap());
    let mut browser = server.browser();
    assert_eq!(leads_to(&browser.visit(&question).await), with_application);
    let mut browser = server.browser_of(&server.member(&tenant.organisation, "member")).await;
    assert_eq!(leads_to(&browser.visit(&question).await), with_application);
    for page in ["/console", "/console/password", "/console/sign-in", "/console/sign-in?next=//evil.example"] {
        let answer = browser.get(page).await;
        assert_eq!(leads_to(&answer), "'self'", "{page}");
        assert!(!answer.text().contains("evil"), "{page}");
    }
}
