//! `/oauth2/token`, `/oauth2/revoke`, `/oauth2/introspect` (RFC 6749, 7009, 7662).

use super::client_authentication::{ClientCall, ReadCall, unreadable};
use super::{TAG, told};
use crate::body::Form;
use crate::problem::Problem;
use crate::route::ParameterType::{Opaque, Words};
use crate::route::{Answer, Method, Parameter, Route};
use actix_web::{HttpRequest, HttpResponse, web};
use connix_application::{App, Introspection, IssuedTokens, TokenFailure};
use connix_domain::oauth::authorization::Parameters;
use connix_domain::oauth::error::TokenError;
use connix_domain::oauth::scope::Scopes;
use connix_domain::port::secrets::Secret;
use schemars::JsonSchema;
use serde::Serialize;

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Post, "/oauth2/token", "issueToken", || web::to(token))
        .about(TAG, "Redeem an authorization code, or refresh a pair of tokens")
        .public()
        .form(GRANT)
        .answers(&[Answer::of::<TokenAnswer>(200, "A pair of tokens")]),
    Route::new(Method::Post, "/oauth2/revoke", "revokeToken", || web::to(revoke))
        .about(TAG, "End a token")
        .public()
        .form(TOKEN)
        .answers(&[Answer::empty(200, "The token is worth nothing")]),
    Route::new(Method::Post, "/oauth2/introspect", "introspectToken", || web::to(introspect))
        .about(TAG, "Ask what a token is worth")
        .public()
        .form(TOKEN)
        .answers(&[Answer::of::<IntrospectionAnswer>(200, "What the token is worth")]),
];

const CLIENT_ID: Parameter = Parameter::new("client_id", Opaque, "Who asks, unless HTTP Basic says so");
const CLIENT_SECRET: Parameter = Parameter::new("client_secret", Opaque, "Of a confidential client, likewise");

/// What a grant is redeemed with.
const GRANT: &[Parameter] = &[
    Parameter::new("grant_type", Words(&["authorization_code", "refresh_token"]), "Required"),
    CLIENT_ID,
    CLIENT_SECRET,
    Parameter::new("code", Opaque, "The authorization code"),
    Parameter::new("redirect_uri", Opaque, "Where the code was sent"),
    Parameter::new("code_verifier", Opaque, "What the code's challenge was made of (RFC 7636)"),
    Parameter::new("refresh_token", Opaque, "The refresh token"),
    Parameter::new("scope", Opaque, "With a refresh token: as much as before (default), or less"),
    Parameter::new("resource", Opaque, "The issuer, if anything (RFC 8707)"),
];

/// What is said of a token.
const TOKEN: &[Parameter] = &[Parameter::new("token", Opaque, "Required"), CLIENT_ID, CLIENT_SECRET];

/// A pair of tokens.
#[derive(Debug, Serialize, JsonSchema)]
struct TokenAnswer {
    /// A JWT by RFC 9068.
    access_token: String,
    token_type: &'static str,
    /// Seconds for which the access token is good.
    expires_in: i64,
    /// Good once; gives the next pair.
    refresh_token: String,
    scope: String,
}

impl From<IssuedTokens> for TokenAnswer {
    fn from(issued: IssuedTokens) -> Self {
        Self {
            access_token: issued.access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: issued.expires_in,
            refresh_token: issued.refresh.expose().to_owned(),
            scope: issued.scopes.to_string(),
        }
    }
}

/// What a token is worth.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct IntrospectionAnswer {
    active: bool,
    #[serde(flatten)]
    claims: Option<ActiveToken>,
}

/// What an active token says.
#[derive(Debug, Serialize, JsonSchema)]
struct ActiveToken {
    token_type: &'static str,
    scope: String,
    client_id: String,
    sub: String,
    aud: String,
    iss: String,
    exp: i64,
    iat: i64,
    jti: String,
    org: String,
}

impl From<Introspection> for ActiveToken {
    fn from(Introspection { claims, refresh }: Introspection) -> Self {
        Self {
            token_type: if refresh { "refresh_token" } else { "Bearer" },
            scope: claims.scopes.to_string(),
            client_id: claims.client.to_string(),
            sub: claims.subject.to_string(),
            aud: claims.audience.into_iter().next().unwrap_or_default(),
            iss: claims.issuer,
            exp: claims.expires_at,
            iat: claims.issued_at,
            jti: claims.id.to_string(),
            org: claims.org.to_string(),
        }
    }
}

async fn token(request: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, Problem> {
    let issued = issue(&request, app, form).await;
    issued.map_or_else(told::failed, |issued| Ok(told::given(&TokenAnswer::from(issued))))
}

async fn issue(request: &HttpRequest, app: web::Data<App>, form: Form) -> Result<IssuedTokens, TokenFailure> {
    let call = ReadCall::read(request, app, form)?;
    match call.get("grant_type").map(str::to_owned).as_deref() {
        Some("authorization_code") => redeem(call.authenticated().await?).await,
        Some("refresh_token") => refresh(call.authenticated().await?).await,
        Some(_) => Err(TokenFailure::Told(TokenError::UnsupportedGrantType, "grant_type is not offered")),
        None => Err(unreadable("grant_type is required")),
    }
}

async fn redeem(ClientCall { app, client, form }: ClientCall) -> Result<IssuedTokens, TokenFailure> {
    right_target(&app, &form)?;
    let code = form.get("code").ok_or(unreadable("code is required"))?;
    app.redeem_code(&client, code, form.get("redirect_uri"), form.get("code_verifier")).await
}

async fn refresh(ClientCall { app, client, form }: ClientCall) -> Result<IssuedTokens, TokenFailure> {
    right_target(&app, &form)?;
    let token = form.get("refresh_token").map(Secret::new).ok_or(unreadable("refresh_token is required"))?;
    let scopes = form.get("scope").map(str::parse::<Scopes>).transpose();
    let scopes =
        scopes.map_err(|_| TokenFailure::Told(TokenError::InvalidScope, "scope must be read, write, or both"))?;
    app.refresh(&client, &token, scopes.as_ref()).await
}

/// RFC 8707: the API is the only resource there is.
fn right_target(app: &App, form: &Parameters) -> Result<(), TokenFailure> {
    match form.get("resource") {
        Some(other) if other != app.issuer() => {
            Err(TokenFailure::Told(TokenError::InvalidTarget, "resource is not this API"))
        }
        _ => Ok(()),
    }
}

/// The token in a call about one, and who asks.
async fn about_token(
    request: &HttpRequest,
    app: web::Data<App>,
    form: Form,
) -> Result<(ClientCall, Secret), TokenFailure> {
    let call = ReadCall::read(request, app, form)?.authenticated().await?;
    let token = call.form.get("token").map(Secret::new).ok_or(unreadable("token is required"))?;
    Ok((call, token))
}

async fn revoke(request: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, Problem> {
    let revoked = async {
        let (call, token) = about_token(&request, app, form).await?;
        call.app.revoke_token(&call.client, &token).await
    };
    revoked.await.map_or_else(told::failed, |()| Ok(told::done()))
}

async fn introspect(request: HttpRequest, app: web::Data<App>, form: Form) -> Result<HttpResponse, Problem> {
    let known = async {
        let (call, token) = about_token(&request, app, form).await?;
        call.app.introspect(&call.client, &token).await
    };
    known.await.map_or_else(told::failed, |known| {
        let active = known.is_some();
        Ok(told::given(&IntrospectionAnswer { active, claims: known.map(Into::into) }))
    })
}
