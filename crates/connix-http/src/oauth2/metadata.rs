//! What clients find out by themselves: the server's metadata (RFC 8414) and the keys that it signs with (RFC 7517).

use super::TAG;
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use connix_application::App;
use connix_domain::lifecycle::Words;
use connix_domain::permission::Scope;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Published keys may be kept by others for an hour: a new one is published days before it signs.
const AN_HOUR: &str = "public, max-age=3600";

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/.well-known/oauth-authorization-server", "getAuthorizationServer", || web::to(metadata))
        .about(TAG, "What the authorization server offers")
        .public()
        .answers(&[Answer::of::<Metadata>(200, "Its metadata")]),
    Route::new(Method::Get, "/oauth2/jwks.json", "getSigningKeys", || web::to(keys))
        .about(TAG, "The keys that access tokens are signed with")
        .public()
        .answers(&[Answer::of::<KeySet>(200, "The keys")]),
];

/// The metadata of the authorization server (RFC 8414).
#[derive(Debug, Serialize, JsonSchema)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
}

/// A set of keys.
#[derive(Debug, Serialize, JsonSchema)]
struct KeySet {
    /// JSON Web Keys.
    keys: Vec<Value>,
}

async fn metadata(app: web::Data<App>) -> HttpResponse {
    let at = |path: &str| format!("{}{path}", app.issuer());
    let [basic, post, none] = ["client_secret_basic", "client_secret_post", "none"];
    HttpResponse::Ok().insert_header((CACHE_CONTROL, AN_HOUR)).json(Metadata {
        issuer: app.issuer().to_owned(),
        authorization_endpoint: at("/oauth2/authorize"),
        token_endpoint: at("/oauth2/token"),
        revocation_endpoint: at("/oauth2/revoke"),
        introspection_endpoint: at("/oauth2/introspect"),
        jwks_uri: at("/oauth2/jwks.json"),
        scopes_supported: Scope::ALL.iter().map(|scope| scope.as_str()).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        token_endpoint_auth_methods_supported: [basic, post, none],
        revocation_endpoint_auth_methods_supported: [basic, post, none],
        introspection_endpoint_auth_methods_supported: [basic, post],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
    })
}

async fn keys(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let keys = app.published_keys().await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, AN_HOUR)).json(KeySet { keys }))
}
