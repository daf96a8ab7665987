//! An application asks, a person decides: the authorization-code flow from end to end (contract section 10; RFC 6749, 7636, 9207).

use std::collections::BTreeSet;

use connix_tests::{Answer, Server, on_every_store};
use oauth2::basic::BasicErrorResponseType;
use oauth2::{AccessToken, TokenResponse};

use crate::application::{Application, GOODBYE};
use crate::person::Person;

on_every_store![
    whoever_allows_it_by_keyboard_and_without_scripts_lets_the_application_act,
    whoever_denies_it_is_led_back_and_nothing_was_given,
    whoever_takes_it_back_ends_what_the_application_had,
];

const WANTS: &str = "Tide Tables wants to act for you";

async fn projects(server: &Server, token: &AccessToken) -> Answer {
    server.client_with_token(token.secret()).get("/api/v1/projects").await
}

async fn whoever_allows_it_by_keyboard_and_without_scripts_lets_the_application_act(server: &Server) {
    let tenant = server.tenant();
    let mut application = Application::registered(server, &tenant.client, "Tide Tables").await;
    let person = Person::new(server.member(&tenant.organisation, "member")).await;
    let browser = &person.browser;
    browser.visit("data:text/html,<title>still</title><script>document.title = 'moving'</script>").await;
    assert_eq!(browser.title().await, "still", "scripts are off");

    let asked = application.asks_for("read");
    browser.visit(asked.url.as_str()).await;
    browser.shows("Sign in").await;
    assert_eq!(browser.text("main h1 + p").await.as_deref(), Some("to continue to Tide Tables"));
    person.signs_in().await;
    browser.shows(WANTS).await;
    let page = browser.text("main").await.unwrap();
    let host = asked.url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
    assert!(page.contains(host.trim_end_matches("/cb")) && page.contains(&person.member.email), "{page}");
    assert!(page.contains("a program on this device"), "{page}");
    assert!(page.contains("See your projects") && !page.contains("Make, change"), "only what was asked for: {page}");
    let (answer, ()) = tokio::join!(application.answer(), person.chooses("Allow"));
    browser.shows(GOODBYE).await;
    assert_eq!(answer.keys().map(String::as_str).collect::<BTreeSet<_>>(), ["code", "iss", "state"].into());
    assert_eq!((&answer["state"], &answer["iss"]), (asked.state.secret(), &application.issuer));
    assert_eq!(browser.complaints().await, [""; 0], "a page breaks its own policy");

    let tokens = application.exchange(asked, &answer["code"]).await;
    assert_eq!(projects(server, tokens.access_token()).await.expect(200)["pagination"]["total"], 1);
    let newer = application.refresh(tokens.refresh_token().unwrap()).await;
    assert_ne!(newer.access_token().secret(), tokens.access_token().secret());
    projects(server, newer.access_token()).await.expect(200);
}

async fn whoever_denies_it_is_led_back_and_nothing_was_given(server: &Server) {
    let tenant = server.tenant();
    let mut application = Application::registered(server, &tenant.client, "Tide Tables").await;
    let person = Person::new(server.member(&tenant.organisation, "member")).await;
    let asked = application.asks_for("write");
    person.browser.visit(asked.url.as_str()).await;
    person.signs_in().await;
    person.browser.shows(WANTS).await;
    let (answer, ()) = tokio::join!(application.answer(), person.chooses("Deny"));
    assert_eq!(answer.get("error").map(String::as_str), Some("access_denied"), "{answer:?}");
    assert!(!answer.contains_key("code"), "{answer:?}");
    assert_eq!((&answer["state"], &answer["iss"]), (asked.state.secret(), &application.issuer));
    person.browser.visit(&format!("{}/console", application.issuer)).await;
    person.browser.shows("Your account").await;
    let page = person.browser.text("main").await.unwrap();
    assert!(page.contains("None.") && !page.contains("Tide Tables"), "{page}");
}

async fn whoever_takes_it_back_ends_what_the_application_had(server: &Server) {
    let tenant = server.tenant();
    let mut application = Application::registered(server, &tenant.client, "Tide Tables").await;
    let person = Person::new(server.member(&tenant.organisation, "member")).await;
    let browser = &person.browser;
    let first = application.asks_for("read");
    browser.visit(first.url.as_str()).await;
    person.signs_in().await;
    browser.shows(WANTS).await;
    let (answer, ()) = tokio::join!(application.answer(), person.chooses("Allow"));
    browser.shows(GOODBYE).await;
    let tokens = application.exchange(first, &answer["code"]).await;

    browser.visit(&format!("{}/console", application.issuer)).await;
    browser.shows("Your account").await;
    person.chooses("Take back").await;
    connix_tests::eventually("the page without the application", async || {
        browser.text("main").await.filter(|page| page.contains("None."))
    })
    .await;
    projects(server, tokens.access_token()).await.refused(401, "UNAUTHORIZED");
    assert_eq!(
        application.refused_refresh(tokens.refresh_token().unwrap()).await,
        BasicErrorResponseType::InvalidGrant
    );
    assert_eq!(browser.complaints().await, [""; 0], "a page breaks its own policy");
}
