//! The way through the operator's provider, with a real browser's cookies and a page's real policy.

use connix_testkit::fake_provider::FakeProvider;
use connix_tests::{PROVIDER, Server, Settings, Store, with_every_store};
use oauth2::TokenResponse;

use crate::application::{Application, GOODBYE};
use crate::person::Person;

with_every_store![whoever_goes_on_with_the_provider_is_led_back_to_what_the_application_asks];

async fn whoever_goes_on_with_the_provider_is_led_back_to_what_the_application_asks(store: Store) {
    let provider = FakeProvider::start().await;
    let server = Server::start(store, Settings::with_provider(&provider.issuer()));
    let mut application = Application::registered(&server, &server.client(), "Tide Tables").await;
    let person = Person::new(server.member("default", "member")).await;
    provider.signs_in("account-1", &person.member.email, true);

    let asked = application.asks_for("read");
    person.browser.visit(asked.url.as_str()).await;
    person.browser.shows("Sign in").await;
    person.chooses(&format!("Continue with {PROVIDER}")).await;
    person.browser.shows("Tide Tables wants to act for you").await;
    assert!(person.browser.text("main").await.unwrap().contains(&person.member.email));
    let (answer, ()) = tokio::join!(application.answer(), person.chooses("Allow"));
    person.browser.shows(GOODBYE).await;
    assert_eq!(person.browser.complaints().await, [""; 0], "a page breaks its own policy");

    let tokens = application.exchange(asked, &answer["code"]).await;
    let client = server.client_with_token(tokens.access_token().secret());
    let me = client.get("/api/v1/me").await.expect(200);
    assert_eq!(me["user"]["id"], person.member.id.as_str(), "{me}");
}
