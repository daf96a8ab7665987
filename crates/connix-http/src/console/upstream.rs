//! Signing in through the operator's OpenID Connect provider: there, and back.
//!
//! The way there is a link and no form: it changes nothing here, and a form could not be led on to every address that a provider
//! may send its users through (`form-action`).

use super::Visit;
use super::page::{carried, with_ticket};
use crate::body::parameters;
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use connix_application::{Arrival, UpstreamAnswer, UpstreamRefusal};

pub(super) const PATH: &str = "/console/upstream";
/// Where providers send browsers back to.
pub const CALLBACK: &str = "/console/upstream/callback";
/// One sentence for whatever is wrong.
const NOT_LET_IN: &str = "You were not signed in with that account. Ask an owner of your organisation whether its e-mail \
     address is a member's, or sign in with your password.";
const AWAY: &str = "The provider cannot be reached at this moment. Try again, or sign in with your password.";

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
        Ok(to) => Ok(visit.sent_to(&to)),
        Err(refusal) => refused(&visit, refusal),
    }
}

async fn end(visit: Visit) -> Result<HttpResponse, Problem> {
    let Some(query) = parameters(visit.query_string()).filter(|query| !query.repeats_any()) else {
        return Ok(visit.told(StatusCode::BAD_REQUEST, "The address that you were sent to cannot be read."));
    };
    let ticket = visit.ticket(query.get("state"));
    let answer = UpstreamAnswer {
        ticket: ticket.as_ref(),
        code: query.get("code").filter(|_| query.get("error").is_none()),
        device: visit.device(),
        origin: visit.origin(),
    };
    match visit.app.end_upstream(answer, visit.browser()).await {
        Ok(Arrival { entered, request }) => {
            let to = request.map_or("/console".to_owned(), |ticket| with_ticket("/console/consent", &ticket));
            Ok(visit.sent_signed_in(&to, entered.cookie.expose(), &entered.device))
        }
        Err(refusal) => refused(&visit, refusal),
    }
}

fn refused(visit: &Visit, refusal: UpstreamRefusal) -> Result<HttpResponse, Problem> {
    match refusal {
        UpstreamRefusal::NotConfigured => {
            Ok(visit.told(StatusCode::NOT_FOUND, "Here you sign in with a password alone."))
        }
        UpstreamRefusal::Ended => Ok(visit.request_ended()),
        UpstreamRefusal::Unavailable => Ok(visit.told(StatusCode::SERVICE_UNAVAILABLE, AWAY)),
        UpstreamRefusal::NotLetIn => Ok(visit.told(StatusCode::UNAUTHORIZED, NOT_LET_IN)),
        UpstreamRefusal::Ours(error) => Err(error.into()),
    }
}
