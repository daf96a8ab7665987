//! Who is let in, and where to.

use connix_tests::{Code, Server, Store, on_every_store, with_every_store};
use futures_util::future::join_all;
use serde_json::json;

use super::super::is_signed_in;
use super::{BEGIN, CALLBACK, Trusting, is_let_in, link_of};

with_every_store![
    whoever_has_a_members_address_there_is_that_member,
    an_application_that_waits_is_answered_after_the_way_to_the_provider,
    of_many_first_sign_ins_at_once_each_is_let_in_and_one_binds,
];
on_every_store![without_a_provider_nothing_leads_to_one];

async fn whoever_has_a_members_address_there_is_that_member(store: Store) {
    let scene = Trusting::new(store).await;
    let member = scene.member();
    let mut browser = scene.server.browser();
    let page = browser.get("/console/sign-in").await;
    assert_eq!(link_of(&page).as_deref(), Some(BEGIN), "{}", page.text());
    is_let_in(&scene.comes_back(&mut browser).await);
    let account = browser.get("/console").await;
    assert!(account.status == 200 && account.text().contains(&member.email), "{}", account.text());
    assert_eq!(browser.cookie("cx_departure"), None, "what it kept meanwhile is taken away");

    let bound = scene.came_back("done", Some(&member.id)).await;
    assert_eq!(bound.len(), 1, "{bound:?}");
    assert_eq!(bound[0]["changed_fields"], json!(["upstream_account"]));
    assert_eq!(bound[0]["actor"], json!({ "type": "member", "id": member.id }));
    let sessions = scene.came_back("done", None).await;
    assert_eq!(sessions.iter().filter(|entry| entry["resource"]["type"] == "session").count(), 1, "{sessions:?}");

    // the account counts from now on; the password still does
    scene.provider.signs_in(&format!("account of {}", member.id), "moved@example.com", false);
    let mut elsewhere = scene.server.browser();
    is_let_in(&scene.comes_back(&mut elsewhere).await);
    assert!(elsewhere.get("/console").await.text().contains(&member.email));
    assert!(is_signed_in(&mut scene.server.browser_of(&member).await).await);
}

async fn an_application_that_waits_is_answered_after_the_way_to_the_provider(store: Store) {
    let scene = Trusting::new(store).await;
    let member = scene.member();
    let application = scene.server.client().application("public").await;
    let question = application.question("read write");
    let mut browser = scene.server.browser();
    let page = browser.visit(&question.path()).await;
    let back = scene.sent_back(&mut browser, &link_of(&page).unwrap()).await;
    let onwards = browser.get(&back).await;
    let to = onwards.header("location").unwrap_or_else(|| panic!("{}", onwards.text())).to_owned();
    assert!(to.starts_with("/console/consent?request="), "{to}");
    let consent = browser.get(&to).await.form(200).with("decision", "allow");
    let told = browser.submit(&consent).await.sent_back_to(&application.redirect_uri);
    assert_eq!(told.get("state"), question.parameters.get("state"), "{told:?}");
    let code = Code { text: told.get("code").unwrap().to_owned(), verifier: question.verifier };
    let tokens = application.redeem(&code).await.tokens();
    let me = scene.server.client_with_token(&tokens.access).get("/api/v1/me").await.expect(200);
    assert_eq!(me["user"]["id"], member.id.as_str(), "{me}");
}

async fn of_many_first_sign_ins_at_once_each_is_let_in_and_one_binds(store: Store) {
    let scene = Trusting::new(store).await;
    let member = scene.member();
    let mut sent = Vec::new();
    for _ in 0..8 {
        let mut browser = scene.server.browser();
        let back = scene.sent_back(&mut browser, BEGIN).await;
        sent.push((browser, back));
    }
    for answer in join_all(sent.iter_mut().map(|(browser, back)| browser.get(back))).await {
        is_let_in(&answer);
    }
    for (browser, _) in &mut sent {
        assert!(is_signed_in(browser).await);
    }
    assert_eq!(scene.came_back("done", Some(&member.id)).await.len(), 1);
}

async fn without_a_provider_nothing_leads_to_one(server: &Server) {
    let mut browser = server.browser();
    let page = browser.get("/console/sign-in").await;
    assert!(page.status == 200 && !page.text().contains(BEGIN), "{}", page.text());
    for path in [BEGIN, CALLBACK, &format!("{CALLBACK}?code=c&state=s")] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
        assert!(answer.text().contains("with a password alone"), "{}", answer.text());
    }
}
