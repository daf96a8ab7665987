//! Setting another password (L07): what was signed in with the old one ends.

use connix_tests::{Server, on_every_store};

use super::{browser_elsewhere, is_signed_in, try_to_sign_in};

on_every_store![
    another_password_ends_every_session_but_a_new_one_here,
    without_the_present_password_there_is_no_other_one,
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

async fn without_the_present_password_there_is_no_other_one(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let mut browser = server.browser_of(&member).await;
    for (present, new, status) in [
        ("not the present password", NEW, 401),
        ("", NEW, 401),
        (member.password.as_str(), "too short", 400),
        (&member.password, "password123!", 400),
    ] {
        let form = browser.get("/console/password").await.form(200);
        let answer = browser.submit(&form.with("password", present).with("new_password", new)).await;
        assert_eq!(answer.status, status, "{present:?} to {new:?}: {}", answer.text());
        assert!(answer.text().contains("role=\"alert\""), "{}", answer.text());
    }
    assert!(is_signed_in(&mut browser).await);
    let mut other = browser_elsewhere(server);
    assert_eq!(try_to_sign_in(&mut other, &member.email, NEW).await.status, 401);
    assert_eq!(try_to_sign_in(&mut other, &member.email, &member.password).await.status, 303);
}
