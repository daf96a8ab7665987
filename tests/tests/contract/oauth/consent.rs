//! The pages on which a member signs in and lets an application act.

use connix_tests::{Answer, Browser, CALLBACK, Form, Server, on_every_store, unique};
use reqwest::Method;
use serde_json::json;

use super::{Scene, told};

on_every_store![
    a_consent_that_was_not_sent_from_its_own_page_is_refused,
    no_page_is_shown_in_a_frame_or_kept,
    a_form_is_answered_with_see_other,
    where_to_go_after_signing_in_is_not_taken_from_the_address,
    what_an_application_is_called_is_shown_as_text_with_the_host_of_its_address,
    what_was_asked_for_cannot_be_changed_by_the_form,
    a_request_belongs_to_the_browser_that_brought_it,
    a_confidential_application_is_let_once_and_a_public_one_each_time,
    a_member_of_another_organisation_cannot_let_an_application_act,
];

/// A browser before the page that asks for consent, and the form of that page.
async fn asked(server: &Server) -> (Browser, Form) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let question = tenant.client.application("public").await.question("read");
    let form = browser.visit(&question.path()).await.form(200);
    (browser, form.with("decision", "allow"))
}

async fn post(browser: &mut Browser, form: &Form, (name, value): (&str, &str)) -> Answer {
    let call = browser.call(Method::POST, &form.action).header(name, value).form(&form.fields);
    browser.send(call).await
}

/// O14.
async fn a_consent_that_was_not_sent_from_its_own_page_is_refused(server: &Server) {
    let (mut browser, form) = asked(server).await;
    let (_, foreign) = asked(server).await;
    let without = Form { fields: form.fields.clone().without("token"), ..form.clone() };
    let of_another_session = form.clone().with("token", foreign.fields.get("token").unwrap());
    for wrong in [without, of_another_session, form.clone().with("token", "0")] {
        told(&browser.submit(&wrong).await, 403);
    }
    for origin in ["https://evil.example", "http://127.0.0.1.evil.example"] {
        told(&post(&mut browser, &form, ("Origin", origin)).await, 403);
    }
    for site in ["cross-site", "same-site"] {
        told(&post(&mut browser, &form, ("Sec-Fetch-Site", site)).await, 403);
    }
    let ours = format!("http://{}", server.installation.listen);
    let answer = post(&mut browser, &form, ("Origin", &ours)).await;
    assert!(answer.sent_back_to(CALLBACK).get("code").is_some());
}

/// O15.
async fn no_page_is_shown_in_a_frame_or_kept(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let question = tenant.client.application("public").await.question("read");
    let pages = [
        server.browser().get("/console/sign-in").await,
        server.browser().visit(&question.path()).await,
        browser.visit(&question.path()).await,
        browser.get("/console").await,
        browser.get(&question.clone().without("client_id").path()).await,
        browser.get(&question.path()).await,
    ];
    for page in pages {
        let policy = page.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{}: {part}: {policy}", page.title);
        }
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{}", page.title);
        assert_eq!(page.header("cache-control"), Some("no-store"), "{}", page.title);
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{}", page.title);
    }
}

/// O16: never 307, which would send the password on.
async fn a_form_is_answered_with_see_other(server: &Server) {
    let Scene { tenant, member, .. } = Scene::new(server).await;
    let mut browser = server.browser();
    let question = tenant.client.application("public").await.question("read");
    let page = browser.visit(&question.path()).await;
    let signed_in = browser.sign_in(&page, &member).await;
    assert_eq!(signed_in.status, 303);
    let consent = browser.visit(signed_in.header("location").unwrap()).await.form(200);
    assert_eq!(browser.submit(&consent.with("decision", "allow")).await.status, 303);
}

/// O17.
async fn where_to_go_after_signing_in_is_not_taken_from_the_address(server: &Server) {
    let Scene { member, .. } = Scene::new(server).await;
    for query in ["next=//evil.example", "return_to=https:evil", "redirect=https://evil.example"] {
        let mut browser = server.browser();
        let page = browser.get(&format!("/console/sign-in?{query}")).await;
        assert!(!page.text().contains("evil"), "{}", page.text());
        let answer = browser.sign_in(&page, &member).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/console")), "{query}");
    }
}

/// O53.
async fn what_an_application_is_called_is_shown_as_text_with_the_host_of_its_address(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let redirect = "https://shown.example/cb?a='b'&c=%3Cscript%3E";
    let name = unique("<script>alert(\"1\")</script><b>&amp;' x");
    let order = json!({ "name": name, "type": "public", "redirect_uris": [redirect], "scopes": ["read"] });
    let question = tenant.client.application_of(&order).await.question("read");
    for page in [browser.visit(&question.path()).await, server.browser().visit(&question.path()).await] {
        let text = page.text();
        assert!(!text.contains("<script") && !text.contains("<b>"), "{text}");
        assert!(text.contains("&#60;script&#62;") || text.contains("&lt;script&gt;"), "{text}");
    }
    let text = browser.visit(&question.path()).await.text();
    assert!(text.contains("<strong>https://shown.example</strong>"), "{text}");
}

/// O54.
async fn what_was_asked_for_cannot_be_changed_by_the_form(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let question = application.question("read");
    let form = browser.visit(&question.path()).await.form(200).with("decision", "allow");
    for (name, value) in [("scope", "write"), ("scope", "read write"), ("redirect_uri", "https://evil.example/cb")] {
        told(&browser.submit(&form.clone().with(name, value)).await, 400);
    }
    let twice = Form { fields: form.fields.clone().and("decision", "allow"), ..form.clone() };
    told(&browser.submit(&twice).await, 400);
    let code = browser.submit(&form).await.sent_back_to(CALLBACK);
    let code = connix_tests::Code { text: code.get("code").unwrap().to_owned(), verifier: question.verifier };
    assert_eq!(application.redeem(&code).await.tokens().answer["scope"], "read");
}

/// O55.
async fn a_request_belongs_to_the_browser_that_brought_it(server: &Server) {
    let (_, foreign) = asked(server).await;
    let (mut browser, own) = asked(server).await;
    let request = foreign.fields.get("request").unwrap();
    for page in ["consent", "sign-in"] {
        told(&browser.get(&format!("/console/{page}?request={request}")).await, 400);
    }
    told(&browser.submit(&own.clone().with("request", request)).await, 400);
    for nonsense in ["", "AAAA", "%00", "..."] {
        told(&browser.get(&format!("/console/consent?request={nonsense}")).await, 400);
        told(&browser.submit(&own.clone().with("request", nonsense)).await, 400);
    }
    assert_eq!(browser.submit(&own).await.status, 303);
}

/// RFC 8252 8.6: a public one cannot prove that it is the one that was let.
async fn a_confidential_application_is_let_once_and_a_public_one_each_time(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    for (kind, asked_again) in [("confidential", false), ("public", true)] {
        let application = tenant.client.application(kind).await;
        application.code(&mut browser, "read").await;
        let again = browser.visit(&application.question("read").path()).await;
        assert_eq!(again.status, if asked_again { 200 } else { 303 }, "{kind}");
        let wider = browser.visit(&application.question("read write").path()).await;
        assert_eq!(wider.status, 200, "{kind}: it asks for more");
    }
}

/// Applications ask the members of their own organisation (T01).
async fn a_member_of_another_organisation_cannot_let_an_application_act(server: &Server) {
    let application = server.tenant().client.application("public").await;
    let Scene { mut browser, member, .. } = Scene::new(server).await;
    let page = browser.visit(&application.question("read").path()).await;
    assert!(page.title.contains("/console/sign-in"), "{}", page.title);
    assert_eq!(browser.sign_in(&page, &member).await.status, 401);
}
