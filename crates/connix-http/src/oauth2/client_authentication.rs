//! How a client says who it is: by HTTP Basic, or in the form (RFC 6749 2.3.1), and by one of them alone.

use crate::body::{Form, parameters};
use crate::origin;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connix_application::{App, CallingClient, ClientCredentials, TokenFailure};
use connix_domain::audit::Origin;
use connix_domain::oauth::authorization::Parameters;
use connix_domain::oauth::error::TokenError;
use connix_domain::port::secrets::Secret;

/// A form that a known client has sent.
pub(super) struct ClientCall {
    /// What Connix does.
    pub(super) app: web::Data<App>,
    /// Who has sent it.
    pub(super) client: CallingClient,
    /// What it holds; no parameter twice.
    pub(super) form: Parameters,
}

/// What is read before anybody is asked who it is.
pub(super) struct ReadCall {
    app: web::Data<App>,
    form: Parameters,
    credentials: ClientCredentials,
    origin: Origin,
}

impl ReadCall {
    /// Reads a call.
    ///
    /// # Errors
    /// `invalid_request`
    pub(super) fn read(request: &HttpRequest, app: web::Data<App>, form: Form) -> Result<Self, TokenFailure> {
        if !request.query_string().is_empty() {
            return Err(unreadable("Parameters belong in the body"));
        }
        let form = form.0.ok_or(unreadable("The body must be a form of at most 16 KiB"))?;
        if form.repeats_any() {
            return Err(unreadable("A parameter is there twice"));
        }
        let credentials = credentials(request.headers(), &form).map_err(unreadable)?;
        Ok(Self { app, form, credentials, origin: origin::of(request) })
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.form.get(name)
    }

    /// The call of a client that is who it says it is.
    ///
    /// # Errors
    /// `invalid_client`; what is our own fault.
    pub(super) async fn authenticated(self) -> Result<ClientCall, TokenFailure> {
        let client = self.app.authenticate_client(&self.credentials, self.origin).await?;
        Ok(ClientCall { app: self.app, client, form: self.form })
    }
}

/// What cannot be understood as a call.
pub(super) const fn unreadable(why: &'static str) -> TokenFailure {
    TokenFailure::Told(TokenError::InvalidRequest, why)
}

/// The credentials of a call; without any, those of nobody.
fn credentials(headers: &HeaderMap, form: &Parameters) -> Result<ClientCredentials, &'static str> {
    let in_form = form.get("client_secret").map(Secret::new);
    let mut shown = headers.get_all(AUTHORIZATION);
    let id = form.get("client_id").unwrap_or_default().to_owned();
    match (shown.next(), shown.next(), in_form) {
        (None, _, secret) => Ok(ClientCredentials { id, secret }),
        (Some(_), Some(_), _) | (Some(_), None, Some(_)) => Err("The client authenticates twice"),
        (Some(header), None, None) => {
            let basic = header.to_str().ok().and_then(basic).ok_or("The Authorization header is not HTTP Basic")?;
            if !id.is_empty() && id != basic.id { Err("Two clients are named") } else { Ok(basic) }
        }
    }
}

/// Both halves are form-encoded before they are joined (RFC 6749 2.3.1).
fn basic(header: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    let joined = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let (id, secret) = std::str::from_utf8(&joined).ok()?.split_once(':')?;
    let decoded = |text: &str| Some(parameters(&format!("v={text}"))?.get("v").unwrap_or_default().to_owned());
    Some(ClientCredentials { id: decoded(id)?, secret: Some(Secret::new(decoded(secret)?)) })
}
