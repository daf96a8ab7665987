//! Refresh tokens: each is good once, a lost answer is given again, and whatever looks like two holders ends the family.

use connix_tests::{Application, Server, Tokens, on_every_store};
use serde_json::json;

use super::{Scene, acts_as, misuses};

on_every_store![
    a_refresh_token_gives_the_next_pair,
    a_lost_answer_is_given_again,
    a_token_that_is_shown_too_late_ends_its_family,
    a_token_whose_successor_was_used_ends_its_family,
    a_token_is_nothing_to_another_application,
    scopes_may_shrink_and_not_grow,
    a_disabled_member_s_applications_get_nothing,
    another_password_ends_what_was_let_before,
    an_application_that_was_taken_back_gets_nothing,
    a_disabled_application_gets_nothing,
    tokens_end_by_themselves,
];

const DAY: u32 = 86_400;

async fn granted(server: &Server) -> (Scene, Application, Tokens) {
    let mut scene = Scene::new(server).await;
    let application = scene.tenant.client.application("public").await;
    let tokens = application.tokens(&mut scene.browser, "read write").await;
    (scene, application, tokens)
}

/// Fails the test unless nothing of the family is good any more.
async fn assert_ended(server: &Server, application: &Application, family: &[&Tokens]) {
    for tokens in family {
        assert_eq!(acts_as(server, &tokens.access).await, None);
        application.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    }
}

async fn a_refresh_token_gives_the_next_pair(server: &Server) {
    let (scene, application, first) = granted(server).await;
    let mut last = first.clone();
    for _ in 0..3 {
        let next = application.refresh(&last.refresh).await.tokens();
        assert!(next.refresh != last.refresh && next.access != last.access);
        assert_eq!(next.answer["scope"], "read write");
        assert_eq!(acts_as(server, &next.access).await.as_ref(), Some(&scene.member.id));
        last = next;
    }
    assert!(acts_as(server, &first.access).await.is_some(), "an access token lives until its time");
}

/// O32.
async fn a_lost_answer_is_given_again(server: &Server) {
    let (_, application, first) = granted(server).await;
    let next = application.refresh(&first.refresh).await.tokens();
    for _ in 0..2 {
        assert_eq!(application.refresh(&first.refresh).await.tokens().refresh, next.refresh);
    }
    application.refresh(&next.refresh).await.tokens();
}

/// O31.
async fn a_token_that_is_shown_too_late_ends_its_family(server: &Server) {
    let (scene, application, first) = granted(server).await;
    let next = application.refresh(&first.refresh).await.tokens();
    let of_us = format!("org_id = '{}' AND rotated_at IS NOT NULL", scene.tenant.organisation);
    server.installation.turn_back("oauth_pair", "rotated_at", 31, &of_us).await;
    application.refresh(&first.refresh).await.refused_grant(400, "invalid_grant");
    assert_eq!(misuses(&scene.tenant, "oauth.refresh_reuse").await, [json!(application.id)]);
    assert_ended(server, &application, &[&first, &next]).await;
}

/// O33.
async fn a_token_whose_successor_was_used_ends_its_family(server: &Server) {
    let (_, application, first) = granted(server).await;
    let next = application.refresh(&first.refresh).await.tokens();
    assert!(acts_as(server, &next.access).await.is_some());
    application.refresh(&first.refresh).await.refused_grant(400, "invalid_grant");
    assert_ended(server, &application, &[&first, &next]).await;

    let (_, application, first) = granted(server).await;
    let second = application.refresh(&first.refresh).await.tokens();
    let third = application.refresh(&second.refresh).await.tokens();
    application.refresh(&first.refresh).await.refused_grant(400, "invalid_grant");
    assert_ended(server, &application, &[&first, &second, &third]).await;
}

/// O35.
async fn a_token_is_nothing_to_another_application(server: &Server) {
    let (scene, application, tokens) = granted(server).await;
    let others = [
        scene.tenant.client.application("public").await,
        scene.tenant.client.application("confidential").await,
        server.tenant().client.application("confidential").await,
    ];
    for other in &others {
        other.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    }
    let next = application.refresh(&tokens.refresh).await.tokens();
    for other in &others {
        other.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    }
    assert!(acts_as(server, &next.access).await.is_some());
}

/// O36.
async fn scopes_may_shrink_and_not_grow(server: &Server) {
    let (mut scene, application, tokens) = granted(server).await;
    let ask = |refresh: &str, scope: &str| application.refreshment(refresh).with("scope", scope);
    let narrow = application.send("/oauth2/token", &ask(&tokens.refresh, "read")).await.tokens();
    assert_eq!(narrow.answer["scope"], "read");
    let client = server.client_with_token(&narrow.access);
    client.post("/api/v1/projects", &json!({ "name": "narrow" })).await.refused(403, "FORBIDDEN");
    let wide = application.send("/oauth2/token", &ask(&narrow.refresh, "read write")).await.tokens();
    assert_eq!(wide.answer["scope"], "read write", "what was granted stays granted");

    let reader = application.tokens(&mut scene.browser, "read").await;
    for scope in ["read write", "write", "admin"] {
        let answer = application.send("/oauth2/token", &ask(&reader.refresh, scope)).await;
        answer.refused_grant(400, "invalid_scope");
    }
    application.refresh(&reader.refresh).await.tokens();
}

/// O37.
async fn a_disabled_member_s_applications_get_nothing(server: &Server) {
    let (scene, application, tokens) = granted(server).await;
    let member = format!("/api/v1/members/{}", scene.member.id);
    scene.tenant.client.patch(&member, &json!({ "disabled": true })).await.expect(200);
    assert_ended(server, &application, &[&tokens]).await;
}

/// O37.
async fn another_password_ends_what_was_let_before(server: &Server) {
    let (mut scene, application, tokens) = granted(server).await;
    let page = scene.browser.visit("/console/password").await;
    let form = page.form(200).with("password", &scene.member.password);
    let answer = scene.browser.submit(&form.with("new_password", "another way to count to forty")).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_ended(server, &application, &[&tokens]).await;
    let again = application.tokens(&mut scene.browser, "read").await;
    assert!(acts_as(server, &again.access).await.is_some(), "whoever set it is signed in");
}

/// O37.
async fn an_application_that_was_taken_back_gets_nothing(server: &Server) {
    let (mut scene, application, tokens) = granted(server).await;
    let forms = scene.browser.get("/console").await.forms(200);
    let withdraw = forms.iter().find(|form| form.fields.get("client") == Some(&application.id)).unwrap();
    assert_eq!(scene.browser.submit(withdraw).await.status, 303);
    assert_ended(server, &application, &[&tokens]).await;
    let again = application.tokens(&mut scene.browser, "read").await;
    assert!(acts_as(server, &again.access).await.is_some(), "it may ask again");
}

async fn a_disabled_application_gets_nothing(server: &Server) {
    let (scene, application, tokens) = granted(server).await;
    let one = format!("/api/v1/oauth-clients/{}", application.id);
    scene.tenant.client.patch(&one, &json!({ "status": "disabled" })).await.expect(200);
    assert_eq!(acts_as(server, &tokens.access).await, None);
    application.refresh(&tokens.refresh).await.refused_grant(401, "invalid_client");
}

/// O37: 14 days without use, 30 days in all.
async fn tokens_end_by_themselves(server: &Server) {
    for (table, days) in [("oauth_pair", 14), ("oauth_grant", 30)] {
        let (scene, application, tokens) = granted(server).await;
        let of_us = format!("org_id = '{}'", scene.tenant.organisation);
        server.installation.turn_back(table, "expires_at", (days - 1) * DAY, &of_us).await;
        let next = application.refresh(&tokens.refresh).await.tokens();
        server.installation.turn_back(table, "expires_at", days * DAY, &of_us).await;
        application.refresh(&next.refresh).await.refused_grant(400, "invalid_grant");
    }
}
