//! `GET /oauth2/authorize`: where an application sends its user's browser.

use super::TAG;
use crate::body::parameters;
use crate::console::{Visit, page};
use crate::problem::Problem;
use crate::route::ParameterType::{Opaque, Words};
use crate::route::{Answer, Method, Parameter, Route};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use connix_application::Authorization;

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[Route::new(Method::Get, "/oauth2/authorize", "authorize", || web::to(authorize))
    .about(TAG, "Ask the user at the browser to let an application act for them")
    .public()
    .for_browsers()
    .query(&[ASKED])
    .answers(&[Answer::empty(303, "To a page of the console, or back to the application")])];

/// What an application asks with (contract section 10).
const ASKED: &[Parameter] = &[
    Parameter::new("response_type", Words(&["code"]), "Required"),
    Parameter::new("client_id", Opaque, "Required"),
    Parameter::new("redirect_uri", Opaque, "Required; one of those that the application is registered with"),
    Parameter::new("code_challenge", Opaque, "Required (RFC 7636)"),
    Parameter::new("code_challenge_method", Words(&["S256"]), "Required"),
    Parameter::new("scope", Opaque, "`read`, `write`, or both with a space between (default `read`)"),
    Parameter::new("state", Opaque, "Comes back with the answer"),
    Parameter::new("resource", Opaque, "The issuer, if anything (RFC 8707)"),
];

async fn authorize(visit: Visit) -> Result<HttpResponse, Problem> {
    let Some(parameters) = parameters(visit.query_string()) else {
        return Ok(visit.told(StatusCode::BAD_REQUEST, "The address that you were sent to cannot be read."));
    };
    let user = visit.user().await?;
    Ok(match visit.app.authorize(&parameters, visit.browser(), user.as_ref()).await? {
        Authorization::Page(fault) => visit.told(StatusCode::BAD_REQUEST, &fault.to_string()),
        Authorization::Redirect(to) => visit.sent_to(&to),
        Authorization::SignIn(ticket) => visit.sent_to(&page::with_ticket("/console/sign-in", &ticket)),
        Authorization::Consent(ticket) => visit.sent_to(&page::with_ticket("/console/consent", &ticket)),
    })
}
