//! What somebody who is signed in sees of the own account: where it is signed in, and which applications act for it.

use super::Visit;
use super::browser_name::browser_name;
use crate::body::Form;
use crate::problem::Problem;
use crate::route::{Answer, Method, Route};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::SubsecRound;
use connix_application::SignedIn;
use connix_domain::Timestamp;
use connix_domain::permission::Scope;

/// The entries of the table.
pub(super) const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/console", "showAccount", || web::to(show))
        .about("Console", "See where you are signed in, and what acts for you")
        .public()
        .page()
        .answers(&[Answer::empty(200, "A page")]),
    Route::new(Method::Post, "/console/sign-out", "signOut", || web::to(sign_out))
        .about("Console", "Sign out here, elsewhere or everywhere")
        .public()
        .page()
        .answers(&[Answer::empty(303, "Onwards")]),
    Route::new(Method::Post, "/console/applications/withdraw", "withdrawConsent", || web::to(withdraw))
        .about("Console", "Take back what an application may do")
        .public()
        .page()
        .answers(&[Answer::empty(303, "Onwards")]),
];

#[derive(Template)]
#[template(path = "console/account.html")]
struct AccountPage<'p> {
    email: &'p str,
    token: String,
    sessions: Vec<SessionLine>,
    applications: Vec<ApplicationLine>,
}

struct SessionLine {
    id: String,
    browser: String,
    address: String,
    since: String,
    here: bool,
}

struct ApplicationLine {
    id: String,
    name: String,
    scopes: String,
    since: String,
}

fn minute(at: Timestamp) -> String {
    at.trunc_subsecs(0).format("%Y-%m-%d %H:%M UTC").to_string()
}

/// What it lets an application do with what the member may see and change.
const fn in_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "see",
        Scope::Write => "change",
    }
}

async fn show(visit: Visit) -> Result<HttpResponse, Problem> {
    let Some(user) = visit.user().await? else { return Ok(visit.sent_to("/console/sign-in")) };
    let page = AccountPage {
        email: user.member.email.as_ref().map_or("", |email| email.as_str()),
        token: visit.form_token(Some(&user)),
        sessions: sessions(&visit, &user).await?,
        applications: applications(&visit, &user).await?,
    };
    Ok(visit.shown(StatusCode::OK, &page, None))
}

async fn sessions(visit: &Visit, user: &SignedIn) -> Result<Vec<SessionLine>, Problem> {
    let sessions = visit.app.sessions(user).await?;
    let line = |session: connix_domain::browser_session::BrowserSession| SessionLine {
        here: session.id == user.session.id,
        id: session.id.to_string(),
        browser: browser_name(&session.browser),
        address: session.address,
        since: minute(session.signed_in_at),
    };
    Ok(sessions.into_iter().map(line).collect())
}

async fn applications(visit: &Visit, user: &SignedIn) -> Result<Vec<ApplicationLine>, Problem> {
    let allowed = visit.app.allowed_applications(user).await?;
    let line =
        |(client, consent): (connix_domain::oauth::client::OAuthClient, connix_domain::oauth::grant::Consent)| {
            ApplicationLine {
                id: client.id.to_string(),
                name: client.name.as_str().to_owned(),
                scopes: consent.scopes.iter().map(in_words).collect::<Vec<_>>().join(" and "),
                since: minute(consent.given_at),
            }
        };
    Ok(allowed.into_iter().map(line).collect())
}

async fn sign_out(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let form = form.0.unwrap_or_default();
    let Some(user) = visit.user().await? else { return Ok(visit.sent_to("/console/sign-in")) };
    if !visit.comes_from_here(&form, Some(&user)) {
        return Ok(visit.forged());
    }
    match (form.get("everywhere"), form.get("session").map(str::parse)) {
        (Some(_), _) => visit.app.sign_out_everywhere(&user).await?,
        (None, Some(Err(_))) => return Ok(visit.unreadable()),
        (None, Some(Ok(other))) if other != user.session.id => {
            visit.app.sign_out_of(&user, other).await?;
            return Ok(visit.sent_to("/console"));
        }
        (None, _) => visit.app.sign_out(&user).await?,
    }
    Ok(visit.sent_signed_out("/console/sign-in"))
}

async fn withdraw(visit: Visit, form: Form) -> Result<HttpResponse, Problem> {
    let form = form.0.unwrap_or_default();
    let Some(user) = visit.user().await? else { return Ok(visit.sent_to("/console/sign-in")) };
    if !visit.comes_from_here(&form, Some(&user)) {
        return Ok(visit.forged());
    }
    if let Some(client) = form.get("client") {
        visit.app.withdraw_consent(&user, client).await?;
    }
    Ok(visit.sent_to("/console"))
}
