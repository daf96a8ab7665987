//! Codes: good once, for a minute, for whoever asked for them.

use connix_tests::{Application, Code, Server, on_every_store};
use serde_json::json;

use super::{Scene, acts_as, misuses};

on_every_store![
    a_code_gives_tokens_that_act_for_the_member,
    a_code_that_is_shown_twice_ends_what_it_gave,
    a_code_that_was_merely_seen_ends_nothing,
    a_code_is_good_for_a_minute_and_only_as_it_was_given,
    another_application_gets_nothing_for_a_code_and_harms_nothing,
    the_address_that_the_code_was_sent_to_is_named_again,
    five_wrong_verifiers_burn_a_code,
    four_wrong_verifiers_do_not,
    no_code_is_without_a_challenge,
    the_vector_of_the_standard_is_accepted,
    a_code_of_another_s_browser_is_worth_nothing_in_one_s_own_session,
];

async fn a_code_gives_tokens_that_act_for_the_member(server: &Server) {
    let Scene { tenant, member, mut browser } = Scene::new(server).await;
    for kind in ["public", "confidential"] {
        let application = tenant.client.application(kind).await;
        let tokens = application.tokens(&mut browser, "read").await;
        let answer = &tokens.answer;
        assert_eq!((&answer["token_type"], &answer["scope"]), (&"Bearer".into(), &"read".into()), "{answer}");
        assert!((590..=600).contains(&answer["expires_in"].as_i64().unwrap()), "{answer}");
        assert!(tokens.refresh.starts_with("cxr_"), "{answer}");
        assert_eq!(acts_as(server, &tokens.access).await.as_ref(), Some(&member.id));
        application.refresh(&tokens.refresh).await.tokens();
    }
}

/// O18.
async fn a_code_that_is_shown_twice_ends_what_it_gave(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    for kind in ["public", "confidential"] {
        let application = tenant.client.application(kind).await;
        let code = application.code(&mut browser, "read").await;
        let tokens = application.redeem(&code).await.tokens();
        assert!(acts_as(server, &tokens.access).await.is_some(), "{kind}");
        application.redeem(&code).await.refused_grant(400, "invalid_grant");
        assert_eq!(acts_as(server, &tokens.access).await, None, "{kind}");
        application.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    }
}

/// O20.
async fn a_code_that_was_merely_seen_ends_nothing(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let code = application.code(&mut browser, "read").await;
    let tokens = application.redeem(&code).await.tokens();
    let wrong = application.redemption(&code).with("code_verifier", &"w".repeat(43));
    for replay in [wrong, application.redemption(&code).without("code_verifier")] {
        application.send("/oauth2/token", &replay).await.refused_grant(400, "invalid_grant");
    }
    assert_eq!(misuses(&tenant, "oauth.code_replay").await, [json!(application.id), json!(application.id)]);
    assert!(acts_as(server, &tokens.access).await.is_some());
    application.refresh(&tokens.refresh).await.tokens();
}

/// O21. How long a minute is, the domain says to the second.
async fn a_code_is_good_for_a_minute_and_only_as_it_was_given(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    for (seconds, good) in [(30, true), (61, false)] {
        let code = application.code(&mut browser, "read").await;
        let of_client = format!("client_id = '{}'", application.id);
        server.installation.turn_back("oauth_code", "expires_at", seconds, &of_client).await;
        let answer = application.redeem(&code).await;
        if good { drop(answer.tokens()) } else { answer.refused_grant(400, "invalid_grant") }
    }
    let code = application.code(&mut browser, "read").await;
    let last = if code.text.ends_with('A') { "B" } else { "A" };
    let altered = format!("{}{last}", &code.text[..code.text.len() - 1]);
    for other in [altered.as_str(), "x", "cxc_", &code.text.to_uppercase(), &format!("{}x", code.text)] {
        let form = application.redemption(&code).with("code", other);
        application.send("/oauth2/token", &form).await.refused_grant(400, "invalid_grant");
    }
    for form in [application.redemption(&code).with("code", ""), application.redemption(&code).without("code")] {
        application.send("/oauth2/token", &form).await.refused_grant(400, "invalid_request");
    }
    application.redeem(&code).await.tokens();
}

/// O22.
async fn another_application_gets_nothing_for_a_code_and_harms_nothing(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let owner = tenant.client.application("confidential").await;
    let others = [
        tenant.client.application("confidential").await,
        tenant.client.application("public").await,
        server.tenant().client.application("confidential").await,
    ];
    let code = owner.code(&mut browser, "read").await;
    for other in &others {
        other.redeem(&code).await.refused_grant(400, "invalid_grant");
    }
    let tokens = owner.redeem(&code).await.tokens();
    for other in &others {
        other.redeem(&code).await.refused_grant(400, "invalid_grant");
    }
    assert!(acts_as(server, &tokens.access).await.is_some(), "another application's replay ends nothing");
}

/// O23.
async fn the_address_that_the_code_was_sent_to_is_named_again(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let code = application.code(&mut browser, "read").await;
    let form = application.redemption(&code);
    for other in ["https://app.example/callback/", "https://app.example", ""] {
        let form = form.clone().with("redirect_uri", other);
        application.send("/oauth2/token", &form).await.refused_grant(400, "invalid_grant");
    }
    let without = form.without("redirect_uri");
    application.send("/oauth2/token", &without).await.refused_grant(400, "invalid_grant");
    application.redeem(&code).await.tokens();
}

/// Shows `code` with as many of five wrong verifiers.
async fn guess(application: &Application, code: &Code, times: usize) {
    let form = application.redemption(code);
    let wrong = ["w".repeat(42), "w".repeat(129), format!("{}!", "w".repeat(43)), "w".repeat(43)];
    let forms = wrong.map(|verifier| form.clone().with("code_verifier", &verifier));
    for form in [form.without("code_verifier")].iter().chain(&forms).take(times) {
        application.send("/oauth2/token", form).await.refused_grant(400, "invalid_grant");
    }
}

/// O24.
async fn five_wrong_verifiers_burn_a_code(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    for kind in ["public", "confidential"] {
        let application = tenant.client.application(kind).await;
        let code = application.code(&mut browser, "read").await;
        guess(&application, &code, 5).await;
        application.redeem(&code).await.refused_grant(400, "invalid_grant");
    }
}

/// O24.
async fn four_wrong_verifiers_do_not(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let code = application.code(&mut browser, "read").await;
    guess(&application, &code, 4).await;
    application.redeem(&code).await.tokens();
}

/// O25: a code without a challenge is no value of the domain (`AuthorizationCode::challenge` is not optional), and the stores refuse
/// the row; one whose challenge was replaced is proved by nothing.
async fn no_code_is_without_a_challenge(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let code = application.code(&mut browser, "read").await;
    let force = |challenge: &str| {
        format!("UPDATE oauth_code SET challenge = {challenge} WHERE client_id = '{}'", application.id)
    };
    for none in ["''", "NULL", "'plain'"] {
        let forced = server.installation.try_execute(&force(none), &force(none)).await;
        assert!(forced.is_err(), "a code without a challenge is kept: {none}");
    }
    let other = force(&format!("'{}'", "A".repeat(43)));
    server.installation.execute(&other, &other).await;
    application.redeem(&code).await.refused_grant(400, "invalid_grant");
}

/// O26 (RFC 7636, appendix B).
async fn the_vector_of_the_standard_is_accepted(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let mut question = application.question("read");
    question.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
    let question = question.with("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let code = application.code_for(&mut browser, question).await;
    application.redeem(&code).await.tokens();
}

/// O52: the attacker's code in the victim's session of the application, or the other way round.
async fn a_code_of_another_s_browser_is_worth_nothing_in_one_s_own_session(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let other = server.member(&tenant.organisation, "member");
    let mut other_browser = server.browser_of(&other).await;
    for kind in ["public", "confidential"] {
        let application = tenant.client.application(kind).await;
        let code = application.code(&mut browser, "read").await;
        let injected = application.code(&mut other_browser, "read").await;
        let mixed = Code { text: injected.text.clone(), verifier: code.verifier.clone() };
        application.redeem(&mixed).await.refused_grant(400, "invalid_grant");
    }
}
