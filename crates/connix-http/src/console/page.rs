//! How every page looks and what it may do: nothing but show itself and send its form.

use crate::problem::{Problem, Situation, Vocabulary};
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connix_application::Ticket;

/// The media type of pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The entries of the table.
pub(super) const ROUTES: &[Route] =
    &[Route::new(Method::Get, "/console/style.css", "getConsoleStyle", || web::to(style))
        .about("Console", "How pages look")
        .public()
        .page()
        .answers(&[Answer::empty(200, "A style sheet")])];

/// A page with one sentence.
#[derive(Template)]
#[template(path = "console/message.html")]
pub(super) struct Message<'m> {
    pub(super) sentence: &'m str,
}

/// A page. Its form is sent to us; the answer may lead on to `sends_to`, the origin of an application, and nowhere else.
pub(super) fn rendered(status: StatusCode, page: &impl Template, sends_to: Option<&str>) -> HttpResponse {
    match page.render() {
        Ok(text) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, HTML))
            .insert_header((CONTENT_SECURITY_POLICY, policy(sends_to)))
            .body(text),
        Err(error) => {
            tracing::error!(%error, "a page was not rendered");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// What somebody at a browser is shown of a problem in the request of this id.
pub(crate) fn of_problem(problem: &Problem, request: &str) -> String {
    let situation = problem.situation();
    let message = problem.message(Vocabulary::Upper);
    let message = message.trim_end_matches('.');
    let sentence = match situation {
        Situation::NotFound => "There is no such page.".to_owned(),
        _ if situation.status().is_server_error() => {
            format!("{message}. Try again in a while; whoever runs this service finds the cause by the id {request}.")
        }
        _ => format!("{message}."),
    };
    Message { sentence: &sentence }.render().unwrap_or_default()
}

/// Whatever is answered to a browser is kept by nobody, shown in no frame, named to nobody and runs nothing, unless the page itself has
/// said otherwise.
pub(crate) fn make_strict(headers: &mut HeaderMap) {
    let default = [
        (CONTENT_SECURITY_POLICY, policy(None)),
        (X_FRAME_OPTIONS, "DENY".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    for (name, value) in default {
        if !headers.contains_key(&name)
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            headers.insert(name, value);
        }
    }
}

fn policy(sends_to: Option<&str>) -> String {
    let also = sends_to.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!("default-src 'none'; style-src 'self'; form-action 'self'{also}; frame-ancestors 'none'; base-uri 'none'")
}

/// `path` with a ticket to carry along.
pub(crate) fn with_ticket(path: &str, ticket: &Ticket) -> String {
    format!("{path}?request={}", carried(ticket))
}

/// Where somebody who has signed in goes on: to what an application asks, or to the account.
pub(super) fn onwards(request: Option<&Ticket>) -> String {
    request.map_or("/console".to_owned(), |ticket| with_ticket("/console/consent", ticket))
}

/// A ticket as a form or query carries it.
pub(super) fn carried(ticket: &Ticket) -> String {
    URL_SAFE_NO_PAD.encode(&ticket.0)
}

/// The ticket that a form or query carries.
pub(super) fn ticket(carried: &str) -> Option<Ticket> {
    URL_SAFE_NO_PAD.decode(carried).ok().map(Ticket)
}

async fn style() -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"));
    response.body(include_str!("../../templates/console/style.css"))
}
