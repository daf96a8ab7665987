//! Setting a password: the first one by a link; another one, and what was signed in with the old one ends (L07).

use connix_tests::{Server, on_every_store, unique};
use serde_json::json;

use super::{browser_elsewhere, is_signed_in, try_to_sign_in};

on_every_store![
    another_password_ends_every_session_but_a_new_one_here,
    without_the_current_password_there_is_no_other_one,
    whoever_has_the_link_sets_a_password_once_and_is_signed_in,
];

const NEW: &str = "eight quick herons forget their count";

async fn another_password_ends_every_session_but_a_new_one_here(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let mut here = server.browser_of(&member).await;
    let mut there = server.browser_of(&member).await;
    let application = server.with_access_token(&tenant, &member, "read").await;
    let before = here.cookie("cx_session").unwrap().to_owned();

    let form = here.get("/console/password").await.form(200);
    let answer = here.submit(&form.with("password", &member.password).with("new_password", NEW)).await;
    assert_eq!(answer.header("location"), Some("/console"), "{}", answer.text());
    assert!(is_signed_in(&mut here).await);
    assert!(!is_signed_in(&mut there).await);
    here.set_cookie("cx_session", &before);
    assert!(!is_signed_in(&mut here).await, "not even here with the session of before");
    application.get("/api/v1/me").await.refused(401, "UNAUTHORIZED");

    let mut browser = browser_elsewhere(server);
    assert_eq!(try_to_sign_in(&mut browser, &member.email, &member.password).await.status, 401);
    assert_eq!(try_to_sign_in(&mut browser, &member.email, NEW).await.status, 303);
}

async fn without_the_current_password_there_is_no_other_one(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let mut browser = server.browser_of(&member).await;
    for (current, new, status) in [
        ("not the current password", NEW, 401),
        ("", NEW, 401),
        (member.password.as_str(), "too short", 400),
        (&member.password, "password123!", 400),
    ] {
        let form = browser.get("/console/password").await.form(200);
        let answer = browser.submit(&form.with("password", current).with("new_password", new)).await;
        assert_eq!(answer.status, status, "{current:?} to {new:?}: {}", answer.text());
        assert!(answer.text().contains("role=\"alert\""), "{}", answer.text());
    }
    assert!(is_signed_in(&mut browser).await);
    let mut other = browser_elsewhere(server);
    assert_eq!(try_to_sign_in(&mut other, &member.email, NEW).await.status, 401);
    assert_eq!(try_to_sign_in(&mut other, &member.email, &member.password).await.status, 303);
}

async fn whoever_has_the_link_sets_a_password_once_and_is_signed_in(server: &Server) {
    let tenant = server.tenant();
    let email = format!("{}@example.com", unique("invited"));
    let invited = tenant.client.post("/api/v1/members", &json!({ "email": email, "role": "member" })).await.expect(201);
    let link = invited["password_link"]["url"].as_str().unwrap();
    let path = &link[link.find("/console/").unwrap()..];
    let mut browser = server.browser();
    let mut later = browser_elsewhere(server);
    let page = browser.get(path).await;
    assert!(page.text().contains(&email), "{}", page.text());
    let form = page.form(200);
    let kept = later.get(path).await.form(200);
    assert_eq!(browser.submit(&form.clone().with("new_password", "too short")).await.status, 400);
    assert_eq!(browser.submit(&form.with("new_password", NEW)).await.header("location"), Some("/console"));
    assert!(is_signed_in(&mut browser).await);

    assert_eq!(later.get(path).await.status, 400, "the link is used up");
    assert_eq!(later.submit(&kept.with("new_password", "nine calm egrets look for their count")).await.status, 400);
    assert_eq!(try_to_sign_in(&mut later, &email, NEW).await.status, 303);
}
