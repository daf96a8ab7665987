//! Setting a password: by a link that was handed over, or instead of the one that somebody signed in with.

use super::Visit;
use super::sign_in::{self, LONGEST_PASSWORD};
use crate::body::{Form, parameters};
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use connix_application::{Entered, PasswordRefusal, SignedIn};
use connix_domain::member::Member;
use connix_domain::oauth::authorization::Parameters;
use connix_domain::port::secrets::Secret;

const PATH: &str = "/console/password";
const LINK_ENDED: &str =
    "This link has been used, has ended, or was replaced by a newer one. Ask whoever sent it to you for another.";
const WRONG: &str = "That is not the current password. After many attempts, wait for a while.";

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Get, PATH, "showPassword", || web::to(show))
        .about("Console", "Set a password")
        .public()
        .page()
        .answers(&[Answer::empty(200, "A page")]),
    Route::new(Method::Post, PATH, "setPassword", || web::to(set))
        .about("Console", "Set a password")
        .public()
        .page()
        .answers(&[Answer::empty(303, "To the account")]),
];

#[derive(Template)]
#[template(path = "console/password.html")]
struct PasswordPage<'p> {
    email: &'p str,
    wrong: Option<String>,
    token: String,
    /// The link's credential; without one the present password is asked for.
    link: Option<&'p str>,
}

/// Whose password is set, and what allows it.
enum Occasion<'o> {
    Link(&'o str, Box<Member>),
    Signed(Box<SignedIn>),
}

impl Occasion<'_> {
    fn member(&self) -> &Member {
        match self {
            Self::Link(_, member) => member,
            Self::Signed(user) => &user.member,
        }
    }
    fn user(&self) -> Option<&SignedIn> {
        match self {
            Self::Link(..) => None,
            Self::Signed(user) => Some(user),
        }
    }
    fn link(&self) -> Option<&str> {
        match self {
            Self::Link(link, _) => Some(link),
            Self::Signed(_) => None,
        }
    }
}

/// What brings the user here: a link that works, or the account page.
async fn occasion<'l>(visit: &Visit, link: Option<&'l str>) -> Result<Result<Occasion<'l>, HttpResponse>, Problem> {
    if let Some(link) = link {
        let member = visit.app.invited_by_link(link).await?;
        return Ok(member.map(|member| Occasion::Link(link, Box::new(member))).ok_or_else(|| ended(visit)));
    }
    Ok(visit.user().await?.map(|user| Occasion::Signed(Box::new(user))).ok_or_else(|| visit.sent_to(sign_in::PATH)))
}

fn ended(visit: &Visit) -> HttpResponse {
    visit.told(StatusCode::BAD_REQUEST, LINK_ENDED)
}

fn page(visit: &Visit, status: StatusCode, occasion: &Occasion<'_>, wrong: Option<String>) -> HttpResponse {
    let page = PasswordPage {
        email: occasion.member().email.as_ref().map_or("", |email| email.as_str()),
        wrong,
        token: visit.form_token(occasion.user()),
        link: occasion.link(),
    };
    visit.shown(status, &page, None)
}

async fn show(visit: Visit) -> Result<HttpResponse, Problem> {
    let query = parameters(visit.query_string()).unwrap_or_default();
    Ok(match occasion(&visit, query.get("token")).await? {
        Ok(occasion) => page(&visit, StatusCode::OK, &occasion, None),
        Err(told) => told,
    })
}

async fn set(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let Some(form) = form.0.filter(|form| !form.repeats_any()) else {
        return Ok(visit.unreadable());
    };
    let occasion = match occasion(&visit, form.get("link")).await? {
        Ok(occasion) => occasion,
        Err(told) => return Ok(told),
    };
    if !visit.comes_from_here(&form, occasion.user()) {
        return Ok(visit.forged());
    }
    let again = |status, why: String| Ok(page(&visit, status, &occasion, Some(why)));
    match set_as(&visit, &form, &occasion).await {
        Ok(entered) => visit.sent_signed_in("/console", &entered).await,
        Err(PasswordRefusal::LinkEnded) => Ok(ended(&visit)),
        Err(PasswordRefusal::Wrong) => again(StatusCode::UNAUTHORIZED, WRONG.to_owned()),
        Err(PasswordRefusal::Issue(issue)) => again(StatusCode::BAD_REQUEST, format!("The new password {issue}.")),
        Err(PasswordRefusal::Busy) => Ok(visit.busy()),
        Err(PasswordRefusal::Ours(error)) => Err(error.into()),
    }
}

async fn set_as(visit: &Visit, form: &Parameters, occasion: &Occasion<'_>) -> Result<Entered, PasswordRefusal> {
    let typed = |name| Secret::new(form.get(name).unwrap_or_default());
    let new = typed("new_password");
    match occasion {
        Occasion::Link(link, _) => visit.app.set_password_by_link(link, &new, visit.origin()).await,
        Occasion::Signed(user) => {
            // nobody can have set such a one: it is not worth the work of comparing
            let present = typed("password");
            if present.expose().chars().count() > LONGEST_PASSWORD {
                return Err(PasswordRefusal::Wrong);
            }
            visit.app.change_password(user, (&present, &new), visit.device()).await
        }
    }
}
