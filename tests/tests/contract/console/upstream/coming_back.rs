//! The way back counts once, in the browser that was sent there, and not for long.

use connix_tests::{Parameters, Store, with_every_store};

use super::super::is_signed_in;
use super::{BEGIN, CALLBACK, Trusting, is_let_in, is_refused, link_of};

with_every_store![
    a_way_back_counts_once,
    a_way_back_counts_in_the_browser_that_was_sent_there_alone,
    a_way_back_that_was_tampered_with_lets_nobody_in,
    a_request_that_has_ended_is_not_carried_to_the_provider,
];

const ENDED: &str = "Begin again.";

fn parameters_of(back: &str) -> Parameters {
    Parameters::read(back.split_once('?').unwrap().1)
}

fn with(parameters: &Parameters) -> String {
    format!("{CALLBACK}?{}", parameters.encoded())
}

async fn a_way_back_counts_once(store: Store) {
    let scene = Trusting::new(store).await;
    scene.member();
    let mut browser = scene.server.browser();
    let back = scene.sent_back(&mut browser, BEGIN).await;
    let kept = browser.cookie("cx_departure").unwrap().to_owned();
    is_let_in(&browser.get(&back).await);
    let tokens = scene.provider.asked("/token").await;
    let mut replaying = browser.clone();
    is_refused(&replaying.get(&back).await, 400, ENDED);
    assert_eq!(scene.provider.asked("/token").await, tokens, "the provider is not asked");
    // not even by a browser that does not forget what it is told to: the code is used
    replaying.set_cookie("cx_departure", &kept);
    is_refused(&replaying.get(&back).await, 401, "not signed in");
    assert!(is_signed_in(&mut browser).await, "the session that came of it goes on");
}

async fn a_way_back_counts_in_the_browser_that_was_sent_there_alone(store: Store) {
    let scene = Trusting::new(store).await;
    let attacker = scene.member();
    let mut attackers = scene.server.browser();
    let back = scene.sent_back(&mut attackers, BEGIN).await;
    let mut victims = scene.server.browser();
    is_refused(&victims.get(&back).await, 400, ENDED);
    assert!(!is_signed_in(&mut victims).await, "without cookies");
    scene.sent_back(&mut victims, BEGIN).await;
    is_refused(&victims.get(&back).await, 400, ENDED);
    assert!(!is_signed_in(&mut victims).await, "in the middle of its own");
    victims.set_cookie("cx_departure", attackers.cookie("cx_departure").unwrap());
    is_refused(&victims.get(&back).await, 400, ENDED);
    assert!(!is_signed_in(&mut victims).await, "with the attacker's mark");
    assert_eq!(scene.provider.asked("/token").await, 0);

    is_let_in(&attackers.get(&back).await);
    assert!(attackers.get("/console").await.text().contains(&attacker.email));
}

async fn a_way_back_that_was_tampered_with_lets_nobody_in(store: Store) {
    let scene = Trusting::new(store).await;
    scene.member();
    let mut browser = scene.server.browser();
    let (first, second) = (scene.sent_back(&mut browser, BEGIN).await, scene.sent_back(&mut browser, BEGIN).await);
    let parameters = parameters_of(&second);
    let state = parameters.get("state").unwrap();
    let mangled = format!("{}{}", &state[1..], &state[..1]);
    for (status, bad) in [
        (400, parameters.clone().without("state")),
        (400, parameters.clone().with("state", "")),
        (400, parameters.clone().with("state", &mangled)),
        (400, parameters.clone().with("state", "%00 ü \u{202e}")),
        (400, parameters.clone().with("state", parameters_of(&first).get("state").unwrap())),
        (400, parameters.clone().and("state", state)),
        (400, parameters.clone().and("code", "another")),
        (400, Parameters::default()),
        (401, parameters.clone().without("code")),
        (401, parameters.clone().with("code", "")),
        (401, parameters.clone().with("code", "made-up")),
        (401, parameters.clone().with("code", &"x".repeat(5000))),
        (401, parameters.clone().and("error", "access_denied")),
    ] {
        let mut browser = browser.clone();
        is_refused(&browser.get(&with(&bad)).await, status, if status == 400 { ENDED } else { "not signed in" });
        assert!(!is_signed_in(&mut browser).await, "{bad:?}");
        assert_eq!(browser.cookie("cx_departure"), None, "it was its only try: {bad:?}");
    }
    is_let_in(&browser.get(&second).await);
}

async fn a_request_that_has_ended_is_not_carried_to_the_provider(store: Store) {
    let scene = Trusting::new(store).await;
    scene.member();
    let application = scene.server.client().application("public").await;
    let mut browser = scene.server.browser();
    let page = browser.visit(&application.question("read").path()).await;
    let link = link_of(&page).unwrap();
    let made_up = format!("{BEGIN}?request=made-up");
    for (mut other, link) in [(scene.server.browser(), &link), (browser.clone(), &made_up)] {
        let answer = other.get(link).await;
        assert_eq!(answer.status, 400, "{link}: {}", answer.text());
        assert!(answer.text().contains("Go back to the application"), "{}", answer.text());
    }
    // an application that is gone meanwhile
    let back = scene.sent_back(&mut browser, &link).await;
    scene.server.client().delete(&format!("/api/v1/oauth-clients/{}", application.id)).await.expect(200);
    is_refused(&browser.get(&back).await, 400, ENDED);
    assert!(!is_signed_in(&mut browser).await);
}
