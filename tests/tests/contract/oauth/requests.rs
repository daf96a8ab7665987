//! Authorization requests: until client and address are known to belong together nobody is sent anywhere, and then the
//! application is told what is wrong.

use connix_tests::{Application, Browser, CALLBACK, Question, Server, on_every_store};
use serde_json::json;

use super::{Scene, Trap, told};

on_every_store![
    an_unknown_or_disabled_application_is_told_to_the_user,
    an_address_that_is_not_registered_is_told_to_the_user,
    only_the_registered_bytes_are_an_address,
    a_program_s_own_machine_is_called_by_its_number_and_with_any_port,
    anything_but_a_code_is_refused,
    a_request_without_a_challenge_is_refused,
    a_challenge_that_is_not_a_sha_256_is_refused,
    a_scope_that_is_not_registered_is_refused,
    a_parameter_that_stands_there_twice_is_refused,
    request_objects_are_refused_and_not_fetched,
    another_way_to_answer_is_refused,
    a_state_comes_back_unchanged_or_not_at_all,
    a_denial_and_a_code_say_who_answers,
];

/// Asks at a browser where nobody is signed in, so that what passes leads to the sign-in page.
async fn ask(server: &Server, question: &Question) -> connix_tests::Answer {
    server.browser().get(&question.path()).await
}

async fn passes(server: &Server, question: &Question) -> bool {
    let answer = ask(server, question).await;
    answer.header("location").is_some_and(|to| to.starts_with("/console/sign-in?request="))
}

/// Fails the test unless the application is told this word, by whom, and its own state.
async fn refused(server: &Server, question: &Question, error: &str) {
    let answer = ask(server, question).await;
    let back = answer.sent_back_to(CALLBACK);
    assert_eq!(back.get("error"), Some(error), "{}: {back:?}", answer.title);
    assert_eq!(back.get("state"), question.parameters.get("state"), "{}: {back:?}", answer.title);
    assert_eq!(back.get("iss"), Some(issuer(server).as_str()), "{}: {back:?}", answer.title);
    assert_eq!(back.get("code"), None, "{}", answer.title);
}

fn issuer(server: &Server) -> String {
    format!("http://{}", server.installation.listen)
}

async fn application(server: &Server) -> Application {
    let application = server.tenant().client.application("public").await;
    assert!(passes(server, &application.question("read")).await);
    application
}

/// O01.
async fn an_unknown_or_disabled_application_is_told_to_the_user(server: &Server) {
    let tenant = server.tenant();
    let application = tenant.client.application("public").await;
    let question = application.question("read");
    for unknown in ["client_00000000000000aa", "nobody", "", "client_' OR 1=1"] {
        told(&ask(server, &question.clone().with("client_id", unknown)).await, 400);
    }
    told(&ask(server, &question.clone().without("client_id")).await, 400);
    let one = format!("/api/v1/oauth-clients/{}", application.id);
    tenant.client.patch(&one, &json!({ "status": "disabled" })).await.expect(200);
    told(&ask(server, &question).await, 400);
    tenant.client.patch(&one, &json!({ "status": "active" })).await.expect(200);
    assert!(passes(server, &question).await);
    tenant.client.delete(&one).await.expect(200);
    told(&ask(server, &question).await, 400);
}

/// O02.
async fn an_address_that_is_not_registered_is_told_to_the_user(server: &Server) {
    let question = application(server).await.question("read");
    told(&ask(server, &question.clone().without("redirect_uri")).await, 400);
    told(&ask(server, &question.with("redirect_uri", "https://other.example/callback")).await, 400);
}

/// O03.
async fn only_the_registered_bytes_are_an_address(server: &Server) {
    let question = application(server).await.question("read");
    for other in [
        "https://app.example/callback/",
        "https://app.example/CALLBACK",
        "https://app.example/callback?x=1",
        "https://app.example/callback#f",
        "https://app.example/x/../callback",
        "https://app.example/%63allback",
        "https://app.example:443/callback",
        "https://APP.example/callback",
        "http://app.example/callback",
        "https://app.example.evil/callback",
        "https://app.example@evil/callback",
        "https://evil\\@app.example/callback",
        "https://app.example/callback\t",
    ] {
        told(&ask(server, &question.clone().with("redirect_uri", other)).await, 400);
    }
}

/// O04.
async fn a_program_s_own_machine_is_called_by_its_number_and_with_any_port(server: &Server) {
    let order = json!({ "name": "Program", "type": "public", "redirect_uris": ["http://127.0.0.1/cb"] });
    let question = server.tenant().client.application_of(&order).await.question("read");
    for good in ["http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"] {
        assert!(passes(server, &question.clone().with("redirect_uri", good)).await, "{good}");
    }
    for bad in [
        "http://localhost:51004/cb",
        "http://127.0.0.1.evil/cb",
        "http://127.1:51004/cb",
        "https://127.0.0.1/cb",
        "http://127.0.0.1:51004/other",
    ] {
        told(&ask(server, &question.clone().with("redirect_uri", bad)).await, 400);
    }
}

/// O06.
async fn anything_but_a_code_is_refused(server: &Server) {
    let question = application(server).await.question("read");
    for other in ["token", "id_token", "code token", "CODE"] {
        refused(server, &question.clone().with("response_type", other), "unsupported_response_type").await;
    }
    refused(server, &question.without("response_type"), "invalid_request").await;
}

/// O07.
async fn a_request_without_a_challenge_is_refused(server: &Server) {
    let tenant = server.tenant();
    for kind in ["public", "confidential"] {
        let question = tenant.client.application(kind).await.question("read").without("code_challenge");
        refused(server, &question, "invalid_request").await;
        refused(server, &question.without("code_challenge_method"), "invalid_request").await;
    }
}

/// O08.
async fn a_challenge_that_is_not_a_sha_256_is_refused(server: &Server) {
    let question = application(server).await.question("read");
    for method in ["plain", "s256", ""] {
        refused(server, &question.clone().with("code_challenge_method", method), "invalid_request").await;
    }
    refused(server, &question.clone().without("code_challenge_method"), "invalid_request").await;
    for challenge in ["a".repeat(42), "a".repeat(44), format!("{}=", "a".repeat(42)), format!("{}+", "a".repeat(42))] {
        refused(server, &question.clone().with("code_challenge", &challenge), "invalid_request").await;
    }
}

/// O09.
async fn a_scope_that_is_not_registered_is_refused(server: &Server) {
    let question = application(server).await.question("read");
    for scope in ["admin", "read admin", "read\twrite", "READ"] {
        refused(server, &question.clone().with("scope", scope), "invalid_scope").await;
    }
    let order = json!({ "name": "Reader", "type": "public", "redirect_uris": [CALLBACK], "scopes": ["read"] });
    let reader = server.tenant().client.application_of(&order).await;
    refused(server, &reader.question("read write"), "invalid_scope").await;
    assert!(passes(server, &reader.question("read").without("scope")).await, "read is what is usual");
}

/// O10.
async fn a_parameter_that_stands_there_twice_is_refused(server: &Server) {
    let question = application(server).await.question("read");
    for name in ["client_id", "redirect_uri"] {
        let value = question.parameters.get(name).unwrap();
        let twice = Question { parameters: question.parameters.clone().and(name, value), ..question.clone() };
        told(&ask(server, &twice).await, 400);
    }
    for name in ["scope", "code_challenge", "response_type", "unheard_of"] {
        let twice = question.parameters.clone().without(name).and(name, "read").and(name, "read");
        refused(server, &Question { parameters: twice, ..question.clone() }, "invalid_request").await;
    }
}

/// O11.
async fn request_objects_are_refused_and_not_fetched(server: &Server) {
    let question = application(server).await.question("read");
    refused(server, &question.clone().with("request", "e30.e30."), "request_not_supported").await;
    let trap = Trap::new();
    for uri in ["https://169.254.169.254/", &trap.url()] {
        refused(server, &question.clone().with("request_uri", uri), "request_uri_not_supported").await;
    }
    trap.assert_untouched();
}

/// O12.
async fn another_way_to_answer_is_refused(server: &Server) {
    let question = application(server).await.question("read");
    for mode in ["fragment", "web_message", "form_post"] {
        refused(server, &question.clone().with("response_mode", mode), "invalid_request").await;
    }
    assert!(passes(server, &question.with("response_mode", "query")).await);
}

/// O13. Of 10 KiB, the address itself is too long.
async fn a_state_comes_back_unchanged_or_not_at_all(server: &Server) {
    let question = application(server).await.question("read");
    let wrong = question.clone().with("response_mode", "fragment");
    let state = "\"><script>alert('ü')</script> &x=1#+%";
    let answer = ask(server, &wrong.clone().with("state", state)).await;
    assert_eq!(answer.sent_back_to(CALLBACK).get("state"), Some(state));
    assert!(!answer.header("location").unwrap().contains(['"', '<', '>', ' ', '#', '+']), "{answer:?}");
    for bad in ["s".repeat(513), "s".repeat(4096), "a\u{7}b".to_owned()] {
        let answer = ask(server, &question.clone().with("state", &bad)).await;
        let back = answer.sent_back_to(CALLBACK);
        assert_eq!((back.get("error"), back.get("state")), (Some("invalid_request"), None), "{back:?}");
    }
    let answer = ask(server, &question.with("state", &"s".repeat(10 * 1024))).await;
    assert_eq!((answer.status, answer.header("location")), (414, None), "{answer:?}");
}

/// O49, for what the user answers; every other refusal here is checked for it too.
async fn a_denial_and_a_code_say_who_answers(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let metadata = server.anonymous().get("/.well-known/oauth-authorization-server").await.expect(200);
    for (decision, told) in [("allow", "code"), ("deny", "error")] {
        let question = application.question("read");
        let back = decide(&mut browser, &question, decision).await;
        assert_eq!(back.get("iss"), metadata["issuer"].as_str(), "{back:?}");
        assert_eq!(back.get("state"), question.parameters.get("state"));
        assert!(back.get(told).is_some(), "{back:?}");
    }
    let back = decide(&mut browser, &application.question("read"), "deny").await;
    assert_eq!((back.get("error"), back.get("code")), (Some("access_denied"), None));
}

async fn decide(browser: &mut Browser, question: &Question, decision: &str) -> connix_tests::Parameters {
    let page = browser.visit(&question.path()).await;
    browser.submit(&page.form(200).with("decision", decision)).await.sent_back_to(CALLBACK)
}
