//! Guessing passwords: nothing is learned by it, it is slow, and it locks nobody out (L01 to L05).

use std::collections::BTreeSet;
use std::thread::available_parallelism;

use connix_tests::{Answer, Browser, Server, Settings, Store, eventually, on_every_store, unique, with_every_store};
use futures_util::future::join_all;
use serde_json::json;

use super::{browser_elsewhere, try_to_sign_in};

on_every_store![
    whatever_is_wrong_the_answer_is_the_same,
    guesses_from_elsewhere_lock_no_known_browser_out,
    an_address_that_tries_one_password_on_many_accounts_is_refused,
    passwords_that_nobody_can_have_are_refused,
];
with_every_store![a_crowd_is_told_to_come_back_and_a_few_are_let_in];

const WRONG: &str = "not the password of anybody";

/// Guesses wrongly until the next guess has to wait: three seconds after the fourth.
async fn make_wait(browser: &mut Browser, email: &str) {
    for _ in 0..4 {
        assert_eq!(try_to_sign_in(browser, email, WRONG).await.status, 401);
    }
}

/// What an answer shows of whom it is about: status, names of headers, and the page without the address.
fn shown(answer: &Answer, email: &str) -> (u16, BTreeSet<String>, String) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status, names, answer.text().replace(email, "ADDRESS"))
}

/// L01. That it also costs the same, the use case's test tells.
async fn whatever_is_wrong_the_answer_is_the_same(server: &Server) {
    let tenant = server.tenant();
    let org = tenant.organisation.as_str();
    let [known, locked, disabled] = [(); 3].map(|()| server.member(org, "member"));
    server.installation.line(&["members", "--org", org, "disable", &disabled.id]);
    let invited = format!("{}@example.com", unique("invited"));
    tenant.client.post("/api/v1/members", &json!({ "email": invited, "role": "member" })).await.expect(201);
    let nobody = format!("{}@example.com", unique("nobody"));

    let mut browser = browser_elsewhere(server);
    let expected = shown(&try_to_sign_in(&mut browser, &nobody, WRONG).await, &nobody);
    assert_eq!(expected.0, 401, "{expected:?}");
    for (email, password) in [
        (known.email.as_str(), WRONG),
        (&known.email, "short"),
        (&disabled.email, &disabled.password),
        (&invited, WRONG),
        ("no address at all", WRONG),
    ] {
        let answer = try_to_sign_in(&mut browser, email, password).await;
        assert_eq!(shown(&answer, email), expected, "{email} with {password}");
    }
    make_wait(&mut browser, &locked.email).await;
    let answer = try_to_sign_in(&mut browser, &locked.email, &locked.password).await;
    assert_eq!(shown(&answer, &locked.email), expected, "locked, with the right password");
}

/// L02, as far as it goes without waiting for a day: the rest the use case's test tells.
async fn guesses_from_elsewhere_lock_no_known_browser_out(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let mut known = server.browser_of(&member).await;
    let mut elsewhere = browser_elsewhere(server);
    make_wait(&mut elsewhere, &member.email).await;
    let refused = try_to_sign_in(&mut browser_elsewhere(server), &member.email, &member.password).await;
    assert_eq!(refused.status, 401, "from whatever address, all unknown browsers wait");
    assert_eq!(try_to_sign_in(&mut known, &member.email, &member.password).await.status, 303);

    // a mark of another member's browser is none
    let other = server.member(&tenant.organisation, "member");
    make_wait(&mut elsewhere, &other.email).await;
    assert_eq!(try_to_sign_in(&mut known, &other.email, &other.password).await.status, 401);
}

/// L03.
async fn an_address_that_tries_one_password_on_many_accounts_is_refused(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let known = server.browser_of(&member).await;
    let mut intruder = browser_elsewhere(server);
    for _ in 0..50 {
        let email = format!("{}@example.com", unique("target"));
        assert_eq!(try_to_sign_in(&mut intruder, &email, &member.password).await.status, 401);
    }
    let hit = try_to_sign_in(&mut intruder, &member.email, &member.password).await;
    assert_eq!(hit.status, 401, "the address is refused, also with a right password");
    let elsewhere = try_to_sign_in(&mut browser_elsewhere(server), &member.email, &member.password).await;
    assert_eq!(elsewhere.status, 303, "the account is not");
    intruder.set_cookie("cx_device", known.cookie("cx_device").unwrap());
    let owner = try_to_sign_in(&mut intruder, &member.email, &member.password).await;
    assert_eq!(owner.status, 303, "nor is a known browser of the member behind the same address");
}

/// L05.
async fn passwords_that_nobody_can_have_are_refused(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let mut browser = browser_elsewhere(server);
    let mut signed_in = server.browser_of(&member).await;
    for (what, password) in [
        ("129 characters", "x".repeat(129)),
        ("1 MiB", "x".repeat(1 << 20)),
        ("NUL", "a password with \0 in it".to_owned()),
        ("a line break", "a password with \n in it".to_owned()),
    ] {
        let answer = try_to_sign_in(&mut browser, &member.email, &password).await;
        assert_eq!((answer.status, browser.cookie("cx_session")), (400, None), "{what}");
        let form = signed_in.get("/console/password").await.form(200).with("password", &member.password);
        let answer = signed_in.submit(&form.with("new_password", &password)).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
    }
    assert_eq!(try_to_sign_in(&mut browser, &member.email, &member.password).await.status, 303, "nothing has changed");
}

/// L04, with as many as one test can send. The server is its own: it lets nobody else in meanwhile.
async fn a_crowd_is_told_to_come_back_and_a_few_are_let_in(store: Store) {
    let server = Server::start(store, Settings::for_tests());
    let member = server.member("default", "member");
    let mut browser = server.browser();
    let page = browser.get("/console/sign-in").await;
    let at_once = 2 * available_parallelism().unwrap().get();
    let crowd = (0..16 * at_once).map(|_| {
        let (mut browser, page, member) = (browser.clone(), page.clone(), member.clone());
        async move { browser.sign_in(&page, &member).await }
    });
    let answers = join_all(crowd).await;
    let (let_in, told): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 303);
    assert!(!let_in.is_empty() && !told.is_empty(), "{} let in, {} told to come back", let_in.len(), told.len());
    for answer in told {
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")), "{}", answer.text());
        assert!(answer.headers.get("set-cookie").is_none(), "{:?}", answer.headers);
    }
    eventually("room for one more", async || {
        let answer = try_to_sign_in(&mut server.browser(), &member.email, &member.password).await;
        (answer.status == 303).then_some(())
    })
    .await;
}
