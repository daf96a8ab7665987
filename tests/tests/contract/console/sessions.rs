//! Sessions: new at each sign-in, listed, ended here, elsewhere and everywhere; consents taken back (L06, L07).

use connix_tests::{Client, Server, on_every_store};
use reqwest::Method;

use super::{forms_to, is_signed_in, try_to_sign_in};

on_every_store![
    a_session_that_was_there_before_is_replaced_and_useless,
    a_cookie_is_worth_nothing_after_signing_out,
    no_cookie_opens_the_api,
    each_browser_is_listed_and_signed_out_by_itself,
    signing_out_everywhere_ends_every_session_and_nothing_else,
    a_consent_that_is_taken_back_ends_what_that_application_had,
];

const SESSION: &str = "cx_session";
const SIGN_OUT: &str = "/console/sign-out";

async fn may_act(client: &Client) -> bool {
    let status = client.get("/api/v1/me").await.status;
    assert!(status == 200 || status == 401, "{status}");
    status == 200
}

/// L06: whether it was made up, or is a real one of the attacker's own.
async fn a_session_that_was_there_before_is_replaced_and_useless(server: &Server) {
    let tenant = server.tenant();
    let [victim, attacker] = [(); 2].map(|()| server.member(&tenant.organisation, "member"));
    let mut attackers = server.browser_of(&attacker).await;
    let own = attackers.cookie(SESSION).unwrap().to_owned();
    for planted in ["cxe_madeup", own.as_str()] {
        let mut browser = server.browser();
        browser.set_cookie(SESSION, planted);
        assert_eq!(try_to_sign_in(&mut browser, &victim.email, &victim.password).await.status, 303);
        assert_ne!(browser.cookie(SESSION), Some(planted));
        let page = browser.get("/console").await;
        assert!(page.text().contains(&victim.email), "{}", page.text());
        // what the attacker knows is worth nothing any more
        attackers.set_cookie(SESSION, planted);
        assert!(!is_signed_in(&mut attackers).await, "{planted}");
    }

    let mut browser = server.browser_of(&victim).await;
    let before = browser.cookie(SESSION).unwrap().to_owned();
    assert_eq!(try_to_sign_in(&mut browser, &victim.email, &victim.password).await.status, 303);
    assert!(is_signed_in(&mut browser).await);
    browser.set_cookie(SESSION, &before);
    assert!(!is_signed_in(&mut browser).await, "whoever signs in again leaves no key under the mat");
}

/// L07.
async fn a_cookie_is_worth_nothing_after_signing_out(server: &Server) {
    let tenant = server.tenant();
    let mut browser = server.browser_of(&server.member(&tenant.organisation, "member")).await;
    let kept = browser.cookie(SESSION).unwrap().to_owned();
    let here = forms_to(&mut browser, SIGN_OUT).await.remove(0);
    assert_eq!(browser.submit(&here).await.header("location"), Some("/console/sign-in"));
    assert_eq!(browser.cookie(SESSION), None, "the browser is told to forget it");
    browser.set_cookie(SESSION, &kept);
    assert!(!is_signed_in(&mut browser).await);
}

/// L07.
async fn no_cookie_opens_the_api(server: &Server) {
    let tenant = server.tenant();
    let browser = server.browser_of(&server.member(&tenant.organisation, "owner")).await;
    for (method, path) in
        [(Method::GET, "/api/v1/projects"), (Method::GET, "/api/v1/me"), (Method::POST, "/api/v1/projects")]
    {
        let call = browser.call(method, path).body("application/json", r#"{"name": "by-cookie"}"#);
        call.send().await.refused(401, "UNAUTHORIZED");
    }
    assert_eq!(tenant.client.get("/api/v1/projects").await.expect(200)["pagination"]["total"], 1, "the default one");
}

async fn each_browser_is_listed_and_signed_out_by_itself(server: &Server) {
    let tenant = server.tenant();
    let [member, stranger] = [(); 2].map(|()| server.member(&tenant.organisation, "member"));
    let mut here = server.browser_of(&member).await;
    let mut there = server.browser_of(&member).await;
    let mut strangers = server.browser_of(&stranger).await;
    let own = forms_to(&mut there, SIGN_OUT).await;
    assert_eq!(own.iter().filter(|form| form.fields.get("session").is_some()).count(), 2, "both are listed");
    let foreign = forms_to(&mut strangers, SIGN_OUT).await.remove(0);
    let foreign = foreign.fields.get("session").unwrap();

    // the list shows the newest first
    let of_there = forms_to(&mut here, SIGN_OUT).await.remove(0);
    here.submit(&of_there.clone().with("session", foreign)).await;
    assert!(is_signed_in(&mut strangers).await, "nobody signs others out");
    assert_eq!(here.submit(&of_there).await.header("location"), Some("/console"));
    assert!(!is_signed_in(&mut there).await);
    assert!(is_signed_in(&mut here).await);
    assert_eq!(forms_to(&mut here, SIGN_OUT).await.len(), 2, "one session, and everywhere");
}

async fn signing_out_everywhere_ends_every_session_and_nothing_else(server: &Server) {
    let tenant = server.tenant();
    let [member, other] = [(); 2].map(|()| server.member(&tenant.organisation, "member"));
    let mut browsers = [server.browser_of(&member).await, server.browser_of(&member).await];
    let mut others = server.browser_of(&other).await;
    let application = server.with_access_token(&tenant, &member, "read").await;
    let key = server.client_with(&server.key(&tenant.organisation, &["--member", &member.email]));

    let forms = forms_to(&mut browsers[0], SIGN_OUT).await;
    let everywhere = forms.into_iter().find(|form| form.fields.get("session").is_none()).unwrap();
    let answer = browsers[0].submit(&everywhere.with("everywhere", "yes")).await;
    assert_eq!(answer.header("location"), Some("/console/sign-in"), "{}", answer.text());
    for browser in &mut browsers {
        assert!(!is_signed_in(browser).await);
    }
    assert!(is_signed_in(&mut others).await, "another member");
    assert!(may_act(&application).await, "an application");
    assert!(may_act(&key).await, "a key");
}

async fn a_consent_that_is_taken_back_ends_what_that_application_had(server: &Server) {
    let tenant = server.tenant();
    let [member, other] = [(); 2].map(|()| server.member(&tenant.organisation, "member"));
    let [taken_back, kept] = [tenant.client.application("public").await, tenant.client.application("public").await];
    let mut browser = server.browser_of(&member).await;
    let ended = [taken_back.tokens(&mut browser, "read").await, taken_back.tokens(&mut browser, "read write").await];
    let going_on = kept.tokens(&mut browser, "read").await;
    let of_other = taken_back.tokens(&mut server.browser_of(&other).await, "read").await;

    let forms = forms_to(&mut browser, "/console/applications/withdraw").await;
    assert_eq!(forms.len(), 2, "each application once");
    let form = forms.into_iter().find(|form| form.fields.get("client") == Some(taken_back.id.as_str())).unwrap();
    assert_eq!(browser.submit(&form).await.header("location"), Some("/console"));
    for tokens in ended {
        assert!(!may_act(&server.client_with_token(&tokens.access)).await);
        taken_back.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    }
    for (application, tokens) in [(&kept, going_on), (&taken_back, of_other)] {
        assert!(may_act(&server.client_with_token(&tokens.access)).await);
        application.refresh(&tokens.refresh).await.tokens();
    }
    assert_eq!(forms_to(&mut browser, "/console/applications/withdraw").await.len(), 1);
    assert!(is_signed_in(&mut browser).await);
}
