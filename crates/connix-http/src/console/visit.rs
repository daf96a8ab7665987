//! A browser that asks for a page, or sends a form of one.

use super::cookie::Cookie;
use super::page;
use crate::origin;
use crate::problem::Problem;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use connix_application::{App, Departure, Entered, SignedIn, Ticket};
use connix_domain::audit::Origin;
use connix_domain::oauth::authorization::Parameters;
use connix_domain::oauth::redirect_uri;
use std::future::{Ready, ready};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request for a page.
pub(crate) struct Visit {
    /// What Connix does.
    pub(crate) app: web::Data<App>,
    request: HttpRequest,
    browser: String,
    /// Whether the browser has to be given its cookie.
    fresh: bool,
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<App>>().cloned();
        ready(app.map(|app| Self::new(app, request.clone())).ok_or_else(|| Problem::internal("no application")))
    }
}

impl Visit {
    fn new(app: web::Data<App>, request: HttpRequest) -> Self {
        let kept = Cookie::Browser.read(request.headers(), is_secure(&app)).filter(|text| app.is_browser(text));
        let browser = kept.map(str::to_owned);
        let fresh = browser.is_none();
        let browser = browser.unwrap_or_else(|| app.new_browser());
        Self { app, request, browser, fresh }
    }

    /// What tells this browser from others.
    pub(crate) fn browser(&self) -> &str {
        &self.browser
    }

    /// The query as it was sent.
    pub(crate) fn query_string(&self) -> &str {
        self.request.query_string()
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn user(&self) -> Result<Option<SignedIn>, Problem> {
        match Cookie::Session.read(self.request.headers(), self.secure()) {
            Some(cookie) => Ok(self.app.signed_in(cookie, self.origin()).await?),
            None => Ok(None),
        }
    }

    /// What an earlier sign-in has left in the browser.
    pub(super) fn device(&self) -> Option<&str> {
        Cookie::Device.read(self.request.headers(), self.secure())
    }

    /// What the browser kept when it was sent to the provider.
    pub(super) fn mark(&self) -> Option<&str> {
        Cookie::Departure.read(self.request.headers(), self.secure())
    }

    /// What the audit log tells of the call.
    pub(super) fn origin(&self) -> Origin {
        origin::of(&self.request)
    }

    /// The token that forms of this browser and session carry.
    pub(super) fn form_token(&self, user: Option<&SignedIn>) -> String {
        self.app.form_token(&self.browser, user)
    }

    /// Whether a form was sent from a page that this browser was given in this session.
    pub(super) fn comes_from_here(&self, form: &Parameters, user: Option<&SignedIn>) -> bool {
        let token = form.get("token").is_some_and(|token| self.app.is_form_token(token, &self.browser, user));
        token && !self.fresh && self.is_same_site()
    }

    /// What the browser itself says of where a form was. One that says nothing is judged by the form's token alone; so is
    /// `null`, which browsers say because our pages name no referrer.
    fn is_same_site(&self) -> bool {
        let headers = self.request.headers();
        let fetched = headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none");
        let host = self.request.connection_info().host().to_owned();
        let ours = |from: &HeaderValue| {
            let from = from.to_str().unwrap_or_default();
            from == "null"
                || from == redirect_uri::origin(self.app.issuer())
                || from.split_once("://").is_some_and(|(_, at)| at == host)
        };
        fetched && headers.get(ORIGIN).is_none_or(ours)
    }

    /// The ticket that a query or form carries.
    pub(super) fn ticket(&self, carried: Option<&str>) -> Option<Ticket> {
        carried.and_then(page::ticket)
    }

    /// 303 to another address.
    pub(crate) fn sent_to(&self, to: &str) -> HttpResponse {
        self.sent_with(to, &[])
    }

    /// The same, with the cookies of somebody who has signed in. What the browser was signed in to before ends: nobody keeps a key to
    /// what was replaced.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn sent_signed_in(&self, to: &str, entered: &Entered) -> Result<HttpResponse, Problem> {
        if let Some(before) = self.user().await? {
            self.app.sign_out(&before).await?;
        }
        let secure = self.secure();
        let session = Cookie::Session.set(entered.cookie.expose(), secure);
        Ok(self.sent_with(to, &[session, Cookie::Device.set(&entered.device, secure)]))
    }

    /// The same, to a provider, with what the browser keeps until it comes back.
    pub(super) fn sent_to_provider(&self, departure: &Departure) -> HttpResponse {
        self.sent_with(&departure.location, &[Cookie::Departure.set(&departure.mark, self.secure())])
    }

    /// A browser that has come back keeps its mark no longer: it counts once.
    pub(super) fn come_back(&self, mut response: HttpResponse) -> HttpResponse {
        append_cookie(&mut response, &Cookie::Departure.take_away(self.secure()));
        response
    }

    /// The same, without a session any more.
    pub(super) fn sent_signed_out(&self, to: &str) -> HttpResponse {
        self.sent_with(to, &[Cookie::Session.take_away(self.secure())])
    }

    fn sent_with(&self, to: &str, cookies: &[String]) -> HttpResponse {
        let mut response = HttpResponse::SeeOther().finish();
        if let Ok(to) = HeaderValue::from_str(to) {
            response.headers_mut().insert(LOCATION, to);
        }
        for cookie in cookies {
            append_cookie(&mut response, cookie);
        }
        self.known(response)
    }

    /// A page.
    pub(super) fn shown(
        &self,
        status: StatusCode,
        page: &impl askama::Template,
        sends_to: Option<&str>,
    ) -> HttpResponse {
        self.known(page::rendered(status, page, sends_to))
    }

    /// A page with one sentence.
    pub(crate) fn told(&self, status: StatusCode, sentence: &str) -> HttpResponse {
        self.shown(status, &page::Message { sentence }, None)
    }

    /// That a form is none.
    pub(super) fn unreadable(&self) -> HttpResponse {
        self.told(StatusCode::BAD_REQUEST, "The form cannot be read.")
    }

    /// That a form does not come from a page of ours in this session.
    pub(super) fn forged(&self) -> HttpResponse {
        self.told(StatusCode::FORBIDDEN, "This form was not sent from a page of ours. Go back and try again.")
    }

    /// That a request of an application has ended, or is none of this browser.
    pub(super) fn request_ended(&self) -> HttpResponse {
        let sentence =
            "This request has ended, or was begun in another browser. Go back to the application and try again.";
        self.told(StatusCode::BAD_REQUEST, sentence)
    }

    /// That too many are signing in.
    pub(super) fn busy(&self) -> HttpResponse {
        let sentence = "Many are signing in at this moment. Try again in a few seconds.";
        let mut response = self.told(StatusCode::SERVICE_UNAVAILABLE, sentence);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        response
    }

    /// From here on the browser is known.
    fn known(&self, mut response: HttpResponse) -> HttpResponse {
        if self.fresh {
            append_cookie(&mut response, &Cookie::Browser.set(&self.browser, self.secure()));
        }
        response
    }

    fn secure(&self) -> bool {
        is_secure(&self.app)
    }
}

fn is_secure(app: &App) -> bool {
    app.issuer().starts_with("https://")
}

fn append_cookie(response: &mut HttpResponse, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
