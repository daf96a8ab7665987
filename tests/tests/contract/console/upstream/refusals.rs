//! Who is not let in: whoever is no member, whatever the provider lies about, and everybody while it is away.

use std::net::TcpListener;

use connix_testkit::fake_provider::Lie;
use connix_tests::{Server, Settings, Store, eventually, with_every_store};

use super::super::is_signed_in;
use super::{BEGIN, Trusting, is_let_in, is_refused, link_of};

with_every_store![
    whoever_is_no_member_is_not_let_in,
    a_lie_lets_nobody_in_and_is_in_the_log,
    what_an_application_asked_is_kept_when_another_account_is_needed,
    a_provider_that_is_away_or_broken_is_told_as_such,
    a_provider_that_was_never_there_keeps_nobody_from_signing_in_by_password,
];

const NOT_LET_IN: &str = "You were not signed in with that account.";
const AWAY: &str = "The provider cannot be reached at this moment.";

async fn whoever_is_no_member_is_not_let_in(store: Store) {
    let scene = Trusting::new(store).await;
    let [known, disabled, removed] = [(); 3].map(|()| scene.server.member("default", "member"));
    let disable = |id: &str| scene.server.installation.line(&["members", "--org", "default", "disable", id]);
    scene.provider.signs_in("removed-1", &removed.email, true);
    is_let_in(&scene.comes_back(&mut scene.server.browser()).await);
    disable(&disabled.id);
    disable(&removed.id);
    scene.provider.signs_in("known-1", &known.email, true);
    is_let_in(&scene.comes_back(&mut scene.server.browser()).await);
    for (what, subject, email, verified) in [
        ("a stranger", "stranger-1", "stranger@example.com", true),
        ("no address", "stranger-1", "", true),
        ("an address that nobody has made sure of", "unverified-1", known.email.as_str(), false),
        ("an address that is somebody else's account by now", "known-2", &known.email, true),
        ("a member that is disabled", "disabled-1", &disabled.email, true),
        ("a bound member that is disabled", "removed-1", &removed.email, true),
    ] {
        scene.provider.signs_in(subject, email, verified);
        let mut browser = scene.server.browser();
        is_refused(&scene.comes_back(&mut browser).await, 401, NOT_LET_IN);
        assert!(!is_signed_in(&mut browser).await, "{what}");
    }
    let refused = eventually("the refusal in the audit log", async || {
        let entries = scene.came_back("refused", Some(&known.id)).await;
        (!entries.is_empty()).then_some(entries)
    })
    .await;
    assert_eq!(refused.len(), 1, "whose address it was is told once: {refused:?}");
}

async fn a_lie_lets_nobody_in_and_is_in_the_log(store: Store) {
    let scene = Trusting::new(store).await;
    scene.member();
    for (lie, why) in Lie::IN_TOKENS {
        scene.provider.lies(lie);
        let mut browser = scene.server.browser();
        is_refused(&scene.comes_back(&mut browser).await, 401, NOT_LET_IN);
        assert!(!is_signed_in(&mut browser).await, "{lie:?}");
        assert!(scene.server.log().contains(why), "{lie:?}: the operator is not told that it is {why}");
    }
    scene.provider.lies(Lie::Denied);
    is_refused(&scene.comes_back(&mut scene.server.browser()).await, 401, NOT_LET_IN);
    scene.provider.lies(None);
    is_let_in(&scene.comes_back(&mut scene.server.browser()).await);
    assert_eq!(scene.came_back("refused", None).await.len(), 0, "a lie is about nobody");
}

async fn what_an_application_asked_is_kept_when_another_account_is_needed(store: Store) {
    let scene = Trusting::new(store).await;
    let elsewhere = scene.server.tenant();
    let application = elsewhere.client.application("public").await;
    scene.member();
    let mut browser = scene.server.browser();
    let page = browser.visit(&application.question("read").path()).await;
    let back = scene.sent_back(&mut browser, &link_of(&page).unwrap()).await;
    let refused = browser.get(&back).await;
    is_refused(&refused, 401, NOT_LET_IN);

    let member = scene.server.member(&elsewhere.organisation, "member");
    let form = refused.form(401).with("email", &member.email).with("password", &member.password);
    let by_password = browser.clone().submit(&form).await;
    scene.provider.signs_in("elsewhere-1", &member.email, true);
    let back = scene.sent_back(&mut browser, &link_of(&refused).unwrap()).await;
    for onwards in [by_password, browser.get(&back).await] {
        let to = onwards.header("location").unwrap_or_default();
        assert!(to.starts_with("/console/consent?request="), "{}: {}", onwards.title, onwards.text());
    }
}

async fn a_provider_that_is_away_or_broken_is_told_as_such(store: Store) {
    let scene = Trusting::new(store).await;
    let member = scene.member();
    for lie in [Lie::Broken, Lie::Elsewhere, Lie::Endless, Lie::Slow, Lie::Forgotten] {
        scene.provider.lies(lie);
        let mut browser = scene.server.browser();
        let answer = scene.comes_back(&mut browser).await;
        is_refused(&answer, 503, AWAY);
        assert_eq!(answer.header("retry-after"), Some("10"), "{lie:?}");
        assert!(!is_signed_in(&mut browser).await, "{lie:?}");
    }
    scene.provider.lies(None);
    is_let_in(&scene.comes_back(&mut scene.server.browser()).await);
    assert!(is_signed_in(&mut scene.server.browser_of(&member).await).await);
}

async fn a_provider_that_was_never_there_keeps_nobody_from_signing_in_by_password(store: Store) {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(store, Settings::with_provider(&format!("http://{nobody}")));
    let answer = server.browser().get(BEGIN).await;
    is_refused(&answer, 503, AWAY);
    let member = server.member("default", "member");
    assert!(is_signed_in(&mut server.browser_of(&member).await).await);
}
