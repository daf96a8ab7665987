//! Signing in and out.

use super::Visit;
use super::page::{carried, onwards, with_ticket};
use super::upstream;
use crate::body::{Form, parameters};
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use connix_application::{Guest, Question, SignInRefusal, Ticket};
use connix_domain::oauth::authorization::Parameters;
use connix_domain::oauth::redirect_uri::origin;
use connix_domain::port::secrets::Secret;

pub(super) const PATH: &str = "/console/sign-in";
/// The longest password that can have been set, in characters.
pub(super) const LONGEST_PASSWORD: usize = 128;
/// One sentence for whatever is wrong.
const WRONG: &str = "That did not work. Check the address and the password; after many attempts, wait for a while.";
/// What is said of an address or a password that nobody has.
const UNTYPED: &str = "Type your e-mail address and your password, which has at most 128 characters.";

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Get, PATH, "showSignIn", || web::to(show))
        .about("Console", "Sign in")
        .public()
        .page()
        .answers(&[Answer::empty(200, "A page")]),
    Route::new(Method::Post, PATH, "signIn", || web::to(sign_in))
        .about("Console", "Sign in")
        .public()
        .page()
        .answers(&[Answer::empty(303, "Onwards")]),
];

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage<'p> {
    /// The application that sent the user here.
    client: Option<&'p str>,
    email: &'p str,
    wrong: Option<&'static str>,
    token: String,
    request: Option<String>,
    upstream: Option<UpstreamLink<'p>>,
}

/// The way to the provider.
struct UpstreamLink<'p> {
    name: &'p str,
    address: String,
}

/// What the page is shown for.
struct Occasion {
    ticket: Ticket,
    question: Question,
}

/// What brings the user here: nothing, a request of an application, or one that is none of this browser.
async fn occasion(visit: &Visit, carried: Option<&str>) -> Result<Result<Option<Occasion>, HttpResponse>, Problem> {
    let Some(carried) = carried else { return Ok(Ok(None)) };
    let opened = opened(visit, visit.ticket(Some(carried))).await?;
    Ok(opened.map(Some).ok_or_else(|| visit.request_ended()))
}

async fn opened(visit: &Visit, ticket: Option<Ticket>) -> Result<Option<Occasion>, Problem> {
    let Some(ticket) = ticket else { return Ok(None) };
    let question = visit.app.open_ticket(&ticket, visit.browser()).await?;
    Ok(question.map(|question| Occasion { ticket, question }))
}

fn page(
    visit: &Visit,
    status: StatusCode,
    occasion: Option<&Occasion>,
    email: &str,
    wrong: Option<&'static str>,
) -> HttpResponse {
    let page = SignInPage {
        client: occasion.map(|occasion| occasion.question.client.name.as_str()),
        email,
        wrong,
        token: visit.form_token(None),
        request: occasion.map(|occasion| carried(&occasion.ticket)),
        upstream: visit.app.upstream_name().map(|name| UpstreamLink { name, address: upstream_address(occasion) }),
    };
    visit.shown(status, &page, occasion.map(|occasion| origin(&occasion.question.request.redirect_uri)))
}

fn upstream_address(occasion: Option<&Occasion>) -> String {
    occasion.map_or(upstream::PATH.to_owned(), |occasion| with_ticket(upstream::PATH, &occasion.ticket))
}

/// The page for somebody who has tried to come in another way, perhaps for what an application asked.
pub(super) async fn shown_again(
    visit: &Visit,
    status: StatusCode,
    request: Option<Ticket>,
    wrong: &'static str,
) -> Result<HttpResponse, Problem> {
    let occasion = opened(visit, request).await?;
    Ok(page(visit, status, occasion.as_ref(), "", Some(wrong)))
}

async fn show(visit: Visit) -> Result<HttpResponse, Problem> {
    let query = parameters(visit.query_string()).unwrap_or_default();
    Ok(match occasion(&visit, query.get("request")).await? {
        Ok(occasion) => page(&visit, StatusCode::OK, occasion.as_ref(), "", None),
        Err(told) => told,
    })
}

async fn sign_in(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let Some(form) = form.0.filter(|form| !form.repeats_any()) else {
        return Ok(visit.unreadable());
    };
    if !visit.comes_from_here(&form, None) {
        return Ok(visit.forged());
    }
    let occasion = match occasion(&visit, form.get("request")).await? {
        Ok(occasion) => occasion,
        Err(told) => return Ok(told),
    };
    let Some((email, password)) = typed(&form) else {
        return Ok(page(&visit, StatusCode::BAD_REQUEST, occasion.as_ref(), "", Some(UNTYPED)));
    };
    let guest = Guest {
        email,
        password,
        org: occasion.as_ref().map(|occasion| occasion.question.request.org),
        device: visit.device(),
        origin: visit.origin(),
    };
    match visit.app.sign_in(guest).await {
        Ok(entered) => {
            visit.sent_signed_in(&onwards(occasion.as_ref().map(|occasion| &occasion.ticket)), &entered).await
        }
        Err(SignInRefusal::Wrong) => Ok(page(&visit, StatusCode::UNAUTHORIZED, occasion.as_ref(), email, Some(WRONG))),
        Err(SignInRefusal::Busy) => Ok(visit.busy()),
        Err(SignInRefusal::Ours(error)) => Err(error.into()),
    }
}

/// An address and a password that somebody could have.
fn typed(form: &Parameters) -> Option<(&str, Secret)> {
    let email = form.get("email").filter(|email| email.len() <= 254)?;
    let password = form.get("password")?;
    let possible = password.chars().count() <= LONGEST_PASSWORD && !password.chars().any(char::is_control);
    possible.then(|| (email, Secret::new(password)))
}
