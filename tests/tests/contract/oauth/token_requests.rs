//! How the token endpoint is asked, and by whom.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connix_tests::{Answer, Application, Client, Parameters, Server, on_every_store};
use reqwest::Method;

use super::Scene;

on_every_store![
    tokens_are_asked_for_by_a_form_that_is_posted,
    an_application_says_once_who_it_is,
    whoever_is_not_who_it_says_is_told_so_alike,
    no_other_grant_is_offered,
    an_application_may_say_who_it_is_by_http_basic,
    another_resource_than_the_api_is_refused,
];

const TOKEN: &str = "/oauth2/token";

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

async fn with_basic(client: &Client, credentials: &str, form: &Parameters) -> Answer {
    client.call(Method::POST, TOKEN).header("Authorization", credentials).form(form).send().await
}

fn refresh() -> Parameters {
    Parameters::of(&[("grant_type", "refresh_token"), ("refresh_token", "cxr_unknown")])
}

/// O27.
async fn tokens_are_asked_for_by_a_form_that_is_posted(server: &Server) {
    let client = server.anonymous();
    let application = server.tenant().client.application("confidential").await;
    let form = application.refreshment("cxr_unknown");
    let answer = client.get(&format!("{TOKEN}?{}", form.encoded())).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{answer:?}");
    let in_json = client.call(Method::POST, TOKEN).json(&serde_json::json!({ "grant_type": "refresh_token" }));
    in_json.send().await.refused_grant(400, "invalid_request");
    let secret = application.secret.as_ref().unwrap();
    let in_query = client.call(Method::POST, &format!("{TOKEN}?client_secret={secret}"));
    in_query.form(&form.clone().without("client_secret")).send().await.refused_grant(400, "invalid_request");
    let in_query = client.call(Method::POST, &format!("{TOKEN}?{}", form.encoded()));
    in_query.form(&form).send().await.refused_grant(400, "invalid_request");
    let large = form.clone().and("filler", &"x".repeat(17 * 1024));
    application.send(TOKEN, &large).await.refused_grant(400, "invalid_request");
    application.send(TOKEN, &form.without("grant_type")).await.refused_grant(400, "invalid_request");
}

/// O28.
async fn an_application_says_once_who_it_is(server: &Server) {
    let client = server.anonymous();
    let application = server.tenant().client.application("confidential").await;
    let credentials = basic(&application.id, application.secret.as_ref().unwrap());
    let form = application.refreshment("cxr_unknown");
    with_basic(&client, &credentials, &form).await.refused_grant(400, "invalid_request");
    let call = client.call(Method::POST, TOKEN).header("Authorization", &credentials);
    let twice = call.header("Authorization", &credentials).form(&refresh());
    twice.send().await.refused_grant(400, "invalid_request");
    let another = refresh().and("client_id", "client_00000000000000aa");
    with_basic(&client, &credentials, &another).await.refused_grant(400, "invalid_request");
    for name in ["grant_type", "client_id", "refresh_token"] {
        let value = form.get(name).unwrap().to_owned();
        application.send(TOKEN, &form.clone().and(name, &value)).await.refused_grant(400, "invalid_request");
    }
}

/// O29.
async fn whoever_is_not_who_it_says_is_told_so_alike(server: &Server) {
    let tenant = server.tenant();
    let [application, other] =
        [tenant.client.application("confidential").await, tenant.client.application("confidential").await];
    let public = tenant.client.application("public").await;
    let secret = other.secret.as_deref();
    let show = |id: &str, secret: Option<&str>| {
        let form = refresh().and("client_id", id);
        secret.iter().fold(form, |form, secret| form.and("client_secret", secret))
    };
    let wrong = [
        show(&application.id, secret),
        show("client_00000000000000aa", secret),
        show("nobody", secret),
        show(&application.id, None),
        show(&application.id, Some("nonsense")),
        show(&public.id, secret),
    ];
    let mut bodies = Vec::new();
    for form in wrong {
        let answer = application.send(TOKEN, &form).await;
        answer.refused_grant(401, "invalid_client");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "{answer:?}");
        bodies.push(answer.text());
    }
    let header = with_basic(&server.anonymous(), &basic(&application.id, secret.unwrap()), &refresh()).await;
    header.refused_grant(401, "invalid_client");
    bodies.push(header.text());
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    application.send(TOKEN, &refresh()).await.refused_grant(401, "invalid_client");
}

/// O30.
async fn no_other_grant_is_offered(server: &Server) {
    let application: Application = server.tenant().client.application("confidential").await;
    for grant in [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let form = application.signed(&[("grant_type", grant), ("username", "a"), ("password", "b")]);
        application.send(TOKEN, &form).await.refused_grant(400, "unsupported_grant_type");
    }
}

/// RFC 6749 2.3.1: both halves are form-encoded.
async fn an_application_may_say_who_it_is_by_http_basic(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("confidential").await;
    let code = application.code(&mut browser, "read").await;
    let form = application.redemption(&code).without("client_id").without("client_secret");
    let encoded = application.id.replace('_', "%5F");
    let credentials = basic(&encoded, application.secret.as_ref().unwrap());
    with_basic(&server.anonymous(), &credentials, &form).await.tokens();
    for unreadable in ["Basic !!!", "Basic", "Bearer x", &format!("Basic {}", STANDARD.encode("nocolon"))] {
        with_basic(&server.anonymous(), unreadable, &form).await.refused_grant(400, "invalid_request");
    }
}

/// RFC 8707.
async fn another_resource_than_the_api_is_refused(server: &Server) {
    let Scene { tenant, mut browser, .. } = Scene::new(server).await;
    let application = tenant.client.application("public").await;
    let code = application.code(&mut browser, "read").await;
    let form = application.redemption(&code);
    let elsewhere = form.clone().with("resource", "https://other.example");
    application.send(TOKEN, &elsewhere).await.refused_grant(400, "invalid_target");
    let api = format!("http://{}", server.installation.listen);
    let tokens = application.send(TOKEN, &form.with("resource", &api)).await.tokens();
    let elsewhere = application.refreshment(&tokens.refresh).with("resource", "https://other.example");
    application.send(TOKEN, &elsewhere).await.refused_grant(400, "invalid_target");
    application.refresh(&tokens.refresh).await.tokens();
}
