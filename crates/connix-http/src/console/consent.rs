//! Whether an application may act for the user.

use super::Visit;
use super::page::{carried, with_ticket};
use crate::body::{Form, parameters};
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use connix_application::{Decision, Question, SignedIn, Ticket};
use connix_domain::oauth::redirect_uri::origin;
use connix_domain::permission::Scope;

const PATH: &str = "/console/consent";

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Get, PATH, "showConsent", || web::to(show))
        .about("Console", "Be asked whether an application may act for you")
        .public()
        .page()
        .answers(&[Answer::empty(200, "A page")]),
    Route::new(Method::Post, PATH, "decideConsent", || web::to(decide))
        .about("Console", "Say whether an application may act for you")
        .public()
        .page()
        .answers(&[Answer::empty(303, "Back to the application")]),
];

#[derive(Template)]
#[template(path = "console/consent.html")]
struct ConsentPage<'p> {
    client: &'p str,
    email: &'p str,
    /// What is asked for, in words.
    scopes: Vec<&'static str>,
    /// Where the answer goes.
    origin: &'p str,
    /// Whether that is the device that the browser runs on.
    here: bool,
    token: String,
    request: String,
}

const fn in_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "See your projects, agents, tasks, files and webhooks",
        Scope::Write => "Make, change, start, stop and delete projects, agents, tasks, files and webhooks",
    }
}

fn page(visit: &Visit, user: &SignedIn, question: &Question, ticket: &Ticket) -> HttpResponse {
    let goes_to = origin(&question.request.redirect_uri);
    let page = ConsentPage {
        client: question.client.name.as_str(),
        email: user.member.email.as_ref().map_or("", |email| email.as_str()),
        scopes: question.request.scopes.iter().map(in_words).collect(),
        origin: goes_to,
        // only loopback addresses are reached without TLS (`RedirectUri`)
        here: goes_to.starts_with("http://"),
        token: visit.form_token(Some(user)),
        request: carried(ticket),
    };
    visit.shown(StatusCode::OK, &page, Some(goes_to))
}

async fn show(visit: Visit) -> Result<HttpResponse, Problem> {
    let query = parameters(visit.query_string()).unwrap_or_default();
    let Some(ticket) = visit.ticket(query.get("request")) else {
        return Ok(visit.request_ended());
    };
    let Some(question) = visit.app.open_ticket(&ticket, visit.browser()).await? else {
        return Ok(visit.request_ended());
    };
    let Some(user) = visit.user().await?.filter(|user| user.member.org == question.request.org) else {
        return Ok(visit.sent_to(&with_ticket("/console/sign-in", &ticket)));
    };
    Ok(match visit.app.answered_before(&user, &question).await? {
        Some(to) => visit.sent_to(&to),
        None => page(&visit, &user, &question, &ticket),
    })
}

async fn decide(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let known = ["decision", "request", "token"];
    // what is asked for stands in the ticket: a form that says something of its own was tampered with
    let Some(form) = form.0.filter(|form| !form.repeats_any() && form.holds_only(&known)) else {
        return Ok(visit.unreadable());
    };
    let user = visit.user().await?;
    if !visit.comes_from_here(&form, user.as_ref()) {
        return Ok(visit.forged());
    }
    let Some(decision) = form.get("decision").and_then(|word| word.parse::<Decision>().ok()) else {
        return Ok(visit.unreadable());
    };
    let question = match visit.ticket(form.get("request")) {
        Some(ticket) => visit.app.open_ticket(&ticket, visit.browser()).await?,
        None => None,
    };
    let (Some(question), Some(user)) = (question, user) else {
        return Ok(visit.request_ended());
    };
    Ok(match visit.app.decide(&user, &question, decision).await? {
        Some(to) => visit.sent_to(&to),
        None => visit.request_ended(),
    })
}
