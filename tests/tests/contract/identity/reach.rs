//! How far a credential reaches, and what ends with whom it acts for: nobody hands on more than they have, nothing ended comes back.

use connix_tests::{Client, Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    a_narrow_key_of_an_owner_makes_no_administrator,
    a_key_for_some_projects_makes_nobody,
    who_was_disabled_comes_back_without_sessions_grants_and_links,
    a_code_is_worth_nothing_once_its_consent_is_taken_back,
    an_application_that_was_changed_is_asked_about_again,
    an_application_is_held_to_what_it_may_ask_for_now,
    an_access_token_stands_in_authorization_alone,
    a_key_in_a_path_is_in_no_log,
    secrets_of_what_is_not_there_were_shown_to_nobody,
];

fn somebody(role: &str) -> Value {
    json!({ "email": format!("{}@example.com", unique("somebody")), "role": role })
}

async fn status(client: &Client) -> u16 {
    client.get("/api/v1/projects").await.status
}

async fn a_narrow_key_of_an_owner_makes_no_administrator(server: &Server) {
    let tenant = server.tenant();
    let owner = tenant.client.get("/api/v1/me").await.expect(200)["user"]["id"].as_str().unwrap().to_owned();
    let narrow = server.client_with(&server.key(&tenant.organisation, &["--permissions", "org.members.write"]));
    for role in ["viewer", "member"] {
        narrow.post("/api/v1/members", &somebody(role)).await.expect(201);
    }
    for role in ["admin", "owner"] {
        narrow.post("/api/v1/members", &somebody(role)).await.refused(403, "FORBIDDEN");
    }
    let path = format!("/api/v1/members/{owner}");
    narrow.act(&format!("{path}/password-link")).await.refused(403, "FORBIDDEN");
    narrow.patch(&path, &json!({ "role": "viewer" })).await.refused(403, "FORBIDDEN");
}

async fn a_key_for_some_projects_makes_nobody(server: &Server) {
    let tenant = server.tenant();
    let project = tenant.client.project().await;
    let bounded = server.client_with(&server.key(&tenant.organisation, &["--projects", &project.uid]));
    let all = server.client_with(
        &server.key(&tenant.organisation, &["--permissions", "org.members.write", "--projects", &project.uid]),
    );
    for client in [bounded, all] {
        client.post("/api/v1/members", &somebody("viewer")).await.refused(403, "FORBIDDEN");
    }
}

async fn who_was_disabled_comes_back_without_sessions_grants_and_links(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let path = format!("/api/v1/members/{}", member.id);
    let application = tenant.client.application("public").await;
    let mut browser = server.browser_of(&member).await;
    let tokens = application.tokens(&mut browser, "read").await;
    let linked = tenant.client.act(&format!("{path}/password-link")).await.expect(200);
    let link = linked["password_link"]["url"].as_str().unwrap();
    let page = &link[link.find("/console").unwrap()..];
    assert_eq!(browser.get(page).await.status, 200);

    tenant.client.patch(&path, &json!({ "disabled": true })).await.expect(200);
    tenant.client.patch(&path, &json!({ "disabled": false })).await.expect(200);
    assert_eq!(browser.get("/console").await.status, 303);
    application.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    assert_eq!(status(&server.client_with_token(&tokens.access)).await, 401);
    assert_ne!(server.browser().get(page).await.status, 200);
    server.browser_of(&member).await; // the password is as it was
}

async fn a_code_is_worth_nothing_once_its_consent_is_taken_back(server: &Server) {
    let tenant = server.tenant();
    let mut browser = server.browser_of(&server.member(&tenant.organisation, "member")).await;
    let application = tenant.client.application("public").await;
    let code = application.code(&mut browser, "read").await;
    let forms = browser.get("/console").await.forms(200);
    let withdraw = forms.into_iter().find(|form| form.action == "/console/applications/withdraw").unwrap();
    browser.submit(&withdraw).await;
    application.redeem(&code).await.refused_grant(400, "invalid_grant");
}

async fn an_application_that_was_changed_is_asked_about_again(server: &Server) {
    let tenant = server.tenant();
    let mut browser = server.browser_of(&server.member(&tenant.organisation, "member")).await;
    let mut application = tenant.client.application("confidential").await;
    application.tokens(&mut browser, "read").await;
    assert_eq!(browser.visit(&application.question("read").path()).await.status, 303, "let before");
    let path = format!("/api/v1/oauth-clients/{}", application.id);
    let elsewhere = "https://elsewhere.example/callback";
    tenant.client.patch(&path, &json!({ "redirect_uris": [elsewhere] })).await.expect(200);
    application.redirect_uri = elsewhere.to_owned();
    let page = browser.visit(&application.question("read").path()).await;
    assert_eq!(page.status, 200, "asked again");
    browser.submit(&page.form(200).with("decision", "allow")).await.sent_back_to(elsewhere);
    assert_eq!(browser.visit(&application.question("read").path()).await.status, 303, "let again");
}

async fn an_application_is_held_to_what_it_may_ask_for_now(server: &Server) {
    let tenant = server.tenant();
    let mut browser = server.browser_of(&server.member(&tenant.organisation, "member")).await;
    let application = tenant.client.application("public").await;
    let tokens = application.tokens(&mut browser, "read write").await;
    let path = format!("/api/v1/oauth-clients/{}", application.id);
    tenant.client.patch(&path, &json!({ "scopes": ["read"] })).await.expect(200);
    let client = server.client_with_token(&tokens.access);
    client.post("/api/v1/projects", &json!({ "name": unique("narrowed") })).await.refused(403, "FORBIDDEN");
    assert_eq!(status(&client).await, 200);
    let next = application.refresh(&tokens.refresh).await.tokens();
    assert_eq!(next.answer["scope"], "read");
}

async fn an_access_token_stands_in_authorization_alone(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let application = tenant.client.application("public").await;
    let tokens = application.tokens(&mut server.browser_of(&member).await, "read").await;
    assert_eq!(status(&server.client_with_token(&tokens.access)).await, 200);
    assert_eq!(status(&server.client_with(&tokens.access)).await, 401);
}

async fn a_key_in_a_path_is_in_no_log(server: &Server) {
    let tenant = server.tenant();
    let reader = server.client_with(&server.key(&tenant.organisation, &["--scopes", "read"]));
    let key = tenant.client.key();
    let (id, secret) = key.split_at(15);
    reader.get(&format!("/api/v1/api-keys/{key}")).await.refused(403, "FORBIDDEN");
    let log = tenant.client.get("/api/v1/audit-log?outcome=refused").await;
    assert_eq!(log.expect(200)["data"][0]["resource"]["id"], format!("/api/v1/api-keys/{id}…"));
    assert!(!log.text().contains(secret));
}

async fn secrets_of_what_is_not_there_were_shown_to_nobody(server: &Server) {
    let tenant = server.tenant();
    let project = tenant.client.project().await;
    let path = format!("/api/v1/projects/{}/agents/agent_0123456789abcdef?reveal=environment_variables", project.uid);
    tenant.client.get(&path).await.refused(404, "agent_not_found");
    let log = tenant.client.get("/api/v1/audit-log?action=getAgent").await.expect(200);
    assert_eq!(log["data"], json!([]));
}
