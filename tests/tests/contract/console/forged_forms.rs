//! Forms that come from somewhere else (L08).

use connix_tests::{Answer, Browser, Form, Server, on_every_store};
use reqwest::Method;

use super::{browser_elsewhere, forms_to, is_signed_in, try_to_sign_in};

on_every_store![a_form_that_is_not_from_a_page_of_this_browser_changes_nothing];

const NEW: &str = "eight quick herons forget their count";

/// What a browser says of a form's origin when it is not ours.
const FROM_ELSEWHERE: [(&str, &str); 5] = [
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site"),
    ("Origin", "https://evil.example"),
    ("Origin", "http://127.0.0.1:1"),
    ("Origin", "http://127.0.0.1.evil.example"),
];

async fn submit_with(browser: &mut Browser, form: &Form, (name, value): (&str, &str)) -> Answer {
    let call = browser.call(Method::POST, &form.action).form(&form.fields).header(name, value);
    browser.send(call).await
}

#[track_caller]
fn is_refused(answer: &Answer, how: &str) {
    assert_eq!(answer.status, 403, "{how}: {}: {}", answer.title, answer.text());
    assert!(answer.headers.get("set-cookie").is_none(), "{how}: {}", answer.title);
}

async fn a_form_that_is_not_from_a_page_of_this_browser_changes_nothing(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let application = tenant.client.application("public").await;
    let mut browser = server.browser_of(&member).await;
    let tokens = application.tokens(&mut browser, "read").await;
    let consent = browser.visit(&application.question("write").path()).await.form(200).with("decision", "allow");
    let password = browser.get("/console/password").await.form(200);
    let forms = [
        consent,
        forms_to(&mut browser, "/console/applications/withdraw").await.remove(0),
        forms_to(&mut browser, "/console/sign-out").await.remove(0),
        browser.get("/console/sign-in").await.form(200).with("email", &member.email).with("password", &member.password),
        forms_to(&mut browser, "/console/sign-out").await.pop().unwrap().with("everywhere", "yes"),
        password.with("password", &member.password).with("new_password", NEW),
    ];

    let mut attackers = server.browser_of(&server.member(&tenant.organisation, "member")).await;
    let foreign = forms_to(&mut attackers, "/console/sign-out").await.remove(0);
    let foreign = foreign.fields.get("token").unwrap();
    for form in &forms {
        let without = Form { action: form.action.clone(), fields: form.fields.clone().without("token") };
        is_refused(&browser.submit(&without).await, "without a token");
        is_refused(&browser.submit(&form.clone().with("token", "")).await, "with an empty token");
        is_refused(&browser.submit(&form.clone().with("token", foreign)).await, "with somebody else's token");
        for header in FROM_ELSEWHERE {
            is_refused(&submit_with(&mut browser, form, header).await, header.1);
        }
        // whoever plants its own cookie for browsers knows the token of that browser, but not of the session
        let mut planted = browser.clone();
        planted.set_cookie("cx_browser", attackers.cookie("cx_browser").unwrap());
        is_refused(&planted.submit(form).await, "in another browser");
    }

    assert!(is_signed_in(&mut browser).await);
    server.client_with_token(&tokens.access).get("/api/v1/me").await.expect(200);
    let mut other = browser_elsewhere(server);
    assert_eq!(try_to_sign_in(&mut other, &member.email, NEW).await.status, 401);
    for form in &forms[..4] {
        let answer = submit_with(&mut browser.clone(), form, ("Sec-Fetch-Site", "same-origin")).await;
        assert_eq!(answer.status, 303, "the same form from here: {}: {}", answer.title, answer.text());
    }
    assert!(!is_signed_in(&mut browser).await, "signed out by one of them");
}
