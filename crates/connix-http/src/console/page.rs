//! How every page looks and what it may do: nothing but show itself and send its form.

use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connix_application::Ticket;

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
        Ok(text) => strict(status, sends_to).insert_header((CONTENT_TYPE, "text/html; charset=utf-8")).body(text),
        Err(error) => {
            tracing::error!(%error, "a page was not rendered");
            strict(StatusCode::INTERNAL_SERVER_ERROR, None).finish()
        }
    }
}

/// An answer that is kept by nobody, shown in no frame, and named to nobody.
pub(super) fn strict(status: StatusCode, sends_to: Option<&str>) -> HttpResponseBuilder {
    let also = sends_to.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{also}; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"));
    response
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
