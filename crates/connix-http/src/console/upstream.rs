//! Signing in through the operator's OpenID Connect provider: there, and back.
//!
//! The way there is a link and no form: it changes nothing here, and a form could not be led on to every address that a provider
//! may send its users through (`form-action`). Whoever is not let in is shown the page for signing in again, where there are other
//! ways, with what an application has asked.

use super::page::{carried, onwards};
use super::{Visit, sign_in};
use crate::body::parameters;
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, web};
use connix_application::{Arrival, Ticket, UpstreamAnswer, UpstreamRefusal};

pub(super) const PATH: &str = "/console/upstream";
/// Where providers send browsers back to.
pub const CALLBACK: &str = "/console/upstream/callback";
/// One sentence for whatever is wrong with who it is.
const NOT_LET_IN: &str = "You were not signed in with that account. Ask an owner of your organisation whether its e-mail \
     address is a member's, try another account, or sign in with your password.";
const ENDED: &str = "That sign-in has ended, or was begun in another window or browser. Begin again.";
const AWAY: &str =
    "The provider cannot be reached at this moment. Try again in a while, or sign in with your password.";
/// A provider that did not answer is not asked again earlier, in seconds.
const AGAIN_AFTER: HeaderValue = HeaderValue::from_static("10");

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Get, PATH, "beginUpstreamSignIn", || web::to(begin))
        .about("Console", "Go to sign in at the provider that the operator trusts")
        .public()
        .page()
        .answers(&[Answer::empty(303, "To the provider")]),
    Route::new(Method::Get, CALLBACK, "endUpstreamSignIn", || web::to(end))
        .about("Console", "Come back from there")
        .public()
        .page()
        .answers(&[Answer::empty(303, "Onwards")]),
];

async fn begin(visit: Visit) -> Result<HttpResponse, Problem> {
    let query = parameters(visit.query_string()).unwrap_or_default();
    let request = query.get("request");
    let ticket = visit.ticket(request);
    if request.is_some() && ticket.is_none() {
        return Ok(visit.request_ended());
    }
    match visit.app.begin_upstream(ticket.as_ref(), visit.browser(), carried).await {
        Ok(departure) => Ok(visit.sent_to_provider(&departure)),
        Err(UpstreamRefusal::Ended) => Ok(visit.request_ended()),
        Err(refusal) => refused(&visit, refusal, ticket).await,
    }
}

async fn end(visit: Visit) -> Result<HttpResponse, Problem> {
    let query = parameters(visit.query_string()).filter(|query| !query.repeats_any()).unwrap_or_default();
    let ticket = visit.ticket(query.get("state"));
    let answer = UpstreamAnswer {
        ticket: ticket.as_ref(),
        mark: visit.mark(),
        code: query.get("code").filter(|_| query.get("error").is_none()),
        device: visit.device(),
        origin: visit.origin(),
    };
    let response = match visit.app.end_upstream(answer, visit.browser()).await {
        Ok(Arrival { entered, request }) => visit.sent_signed_in(&onwards(request.as_ref()), &entered).await?,
        Err(refusal) => {
            let request = ticket.and_then(|ticket| visit.app.asked_before(&ticket, visit.browser()));
            refused(&visit, refusal, request).await?
        }
    };
    Ok(visit.come_back(response))
}

async fn refused(visit: &Visit, refusal: UpstreamRefusal, request: Option<Ticket>) -> Result<HttpResponse, Problem> {
    let again = |status, wrong| sign_in::shown_again(visit, status, request, wrong);
    match refusal {
        UpstreamRefusal::NotConfigured => {
            Ok(visit.told(StatusCode::NOT_FOUND, "Here you sign in with a password alone."))
        }
        UpstreamRefusal::Ended => again(StatusCode::BAD_REQUEST, ENDED).await,
        UpstreamRefusal::NotLetIn => again(StatusCode::UNAUTHORIZED, NOT_LET_IN).await,
        UpstreamRefusal::Unavailable => {
            let mut response = again(StatusCode::SERVICE_UNAVAILABLE, AWAY).await?;
            response.headers_mut().insert(RETRY_AFTER, AGAIN_AFTER);
            Ok(response)
        }
        UpstreamRefusal::Ours(error) => Err(error.into()),
    }
}
