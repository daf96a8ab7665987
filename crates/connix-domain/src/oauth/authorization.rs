//! What an application asks for in a browser: the query of the authorization endpoint, checked in the order of
//! `reliability.md` 2.4. Until client and redirect URI are known to belong together, nobody is sent anywhere.

use super::client::OAuthClient;
use super::error::AuthorizeError;
use super::pkce::CodeChallenge;
use super::redirect_uri::with_parameters;
use super::scope::Scopes;
use crate::id::{OAuthClientId, OrgId};
use std::collections::HashSet;

/// The parameters of a request, decoded. One without a value counts as left out (RFC 6749 3.1).
#[derive(Debug, Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// These, as they were sent.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }
    /// Whether a parameter stands there more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.0.iter().filter(|(key, _)| key == name).count() > 1
    }
    /// Whether any does.
    pub fn repeats_any(&self) -> bool {
        let mut seen = HashSet::new();
        self.0.iter().any(|(key, _)| !seen.insert(key))
    }
    /// Whether there are no parameters but these.
    pub fn holds_only(&self, known: &[&str]) -> bool {
        self.0.iter().all(|(name, _)| known.contains(&name.as_str()))
    }
}

/// Why the user is shown a page, and the browser is sent nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    /// No `client_id`, two, or one that is not registered or disabled.
    #[error("The application that sent you here is not registered.")]
    UnknownClient,
    /// No `redirect_uri`, two, or one that is not registered.
    #[error("The application that sent you here named an address for the answer that is not registered.")]
    BadRedirect,
}

/// An answer that goes to the application by way of the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    uri: String,
    state: Option<String>,
    answer: RedirectAnswer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum RedirectAnswer {
    Code(String),
    Error(AuthorizeError, &'static str),
}

impl Redirect {
    /// The error it tells, if it is one.
    pub fn error(&self) -> Option<AuthorizeError> {
        match &self.answer {
            RedirectAnswer::Code(_) => None,
            RedirectAnswer::Error(error, _) => Some(*error),
        }
    }

    /// The address to send the browser to; `iss` tells the application who answers (RFC 9207).
    pub fn location(&self, issuer: &str) -> String {
        let mut parameters = match &self.answer {
            RedirectAnswer::Code(code) => vec![("code", code.as_str())],
            RedirectAnswer::Error(error, why) => vec![("error", error.as_str()), ("error_description", *why)],
        };
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", issuer));
        with_parameters(&self.uri, &parameters)
    }
}

/// Why a request is not put before the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The user is told.
    Page(PageFault),
    /// The application is told.
    Redirect(Redirect),
}

/// A request that can be put before the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Whose users are asked.
    pub org: OrgId,
    /// Who asks.
    pub client: OAuthClientId,
    /// Where the answer goes, byte for byte as it was sent.
    pub redirect_uri: String,
    /// What is sent back unchanged.
    pub state: Option<String>,
    /// What the code's redeemer has to prove.
    pub challenge: CodeChallenge,
    /// What is asked for.
    pub scopes: Scopes,
}

impl AuthorizationRequest {
    /// The longest `state`, in characters.
    const LONGEST_STATE: usize = 512;

    /// Which client asks, before anything is known of it.
    ///
    /// # Errors
    /// [`PageFault::UnknownClient`]
    pub fn client_of(parameters: &Parameters) -> Result<OAuthClientId, PageFault> {
        let id = parameters.get("client_id").filter(|_| !parameters.repeats("client_id"));
        id.and_then(|id| id.parse().ok()).ok_or(PageFault::UnknownClient)
    }

    /// Checks a request of `client`, the one that [`Self::client_of`] names, for the API called `api`.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of the table.
    pub fn read(parameters: &Parameters, client: Option<&OAuthClient>, api: &str) -> Result<Self, Refusal> {
        let client = client.filter(|client| client.is_active()).ok_or(Refusal::Page(PageFault::UnknownClient))?;
        let redirect_uri = parameters.get("redirect_uri").filter(|_| !parameters.repeats("redirect_uri"));
        let redirect_uri = redirect_uri.filter(|uri| client.accepts_redirect(uri));
        let redirect_uri = redirect_uri.ok_or(Refusal::Page(PageFault::BadRedirect))?;
        let state = parameters.get("state").filter(|_| !parameters.repeats("state"));
        let sound_state = state.filter(|state| is_sound_state(state));
        Terms::read(parameters, client, api, state == sound_state)
            .map(|terms| Self {
                org: client.org,
                client: client.id,
                redirect_uri: redirect_uri.to_owned(),
                state: sound_state.map(str::to_owned),
                challenge: terms.challenge,
                scopes: terms.scopes,
            })
            .map_err(|(error, why)| {
                let answer = RedirectAnswer::Error(error, why);
                Refusal::Redirect(Redirect {
                    uri: redirect_uri.to_owned(),
                    state: sound_state.map(str::to_owned),
                    answer,
                })
            })
    }

    /// The user said yes: the application gets this code.
    pub fn allowed(&self, code: &str) -> Redirect {
        self.answered(RedirectAnswer::Code(code.to_owned()))
    }

    /// The user said no.
    pub fn denied(&self) -> Redirect {
        self.answered(RedirectAnswer::Error(AuthorizeError::AccessDenied, "The user has denied the request"))
    }

    fn answered(&self, answer: RedirectAnswer) -> Redirect {
        Redirect { uri: self.redirect_uri.clone(), state: self.state.clone(), answer }
    }
}

/// What an error is, and a sentence for whoever builds the application.
type Wrong = (AuthorizeError, &'static str);

/// The part of a request whose faults the application is told of.
struct Terms {
    challenge: CodeChallenge,
    scopes: Scopes,
}

impl Terms {
    fn read(parameters: &Parameters, client: &OAuthClient, api: &str, sound_state: bool) -> Result<Self, Wrong> {
        if parameters.repeats_any() {
            return Err((AuthorizeError::InvalidRequest, "A parameter is there twice"));
        }
        check_response(parameters)?;
        let challenge = challenge(parameters)?;
        let scopes = match parameters.get("scope").map(str::parse::<Scopes>) {
            None => Scopes::usual(),
            Some(Ok(scopes)) => scopes,
            Some(Err(_)) => return Err((AuthorizeError::InvalidScope, "scope must be read, write, or both")),
        };
        if !client.scopes.hold(&scopes) {
            return Err((AuthorizeError::InvalidScope, "The application is not registered for this scope"));
        }
        if parameters.get("resource").is_some_and(|resource| resource != api) {
            return Err((AuthorizeError::InvalidTarget, "resource is not this API"));
        }
        if !sound_state {
            return Err((AuthorizeError::InvalidRequest, "state must have at most 512 printable characters"));
        }
        Ok(Self { challenge, scopes })
    }
}

fn check_response(parameters: &Parameters) -> Result<(), Wrong> {
    match parameters.get("response_type") {
        Some("code") => {}
        None => return Err((AuthorizeError::InvalidRequest, "response_type is required")),
        Some(_) => return Err((AuthorizeError::UnsupportedResponseType, "response_type must be code")),
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err((AuthorizeError::InvalidRequest, "response_mode must be query"));
    }
    if parameters.get("request").is_some() {
        return Err((AuthorizeError::RequestNotSupported, "request is not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err((AuthorizeError::RequestUriNotSupported, "request_uri is not supported"));
    }
    Ok(())
}

fn challenge(parameters: &Parameters) -> Result<CodeChallenge, Wrong> {
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err((AuthorizeError::InvalidRequest, "code_challenge_method must be S256"));
    }
    let challenge = parameters.get("code_challenge").and_then(CodeChallenge::parse);
    challenge.ok_or((AuthorizeError::InvalidRequest, "code_challenge must be 43 characters of base64url"))
}

fn is_sound_state(state: &str) -> bool {
    state.chars().count() <= AuthorizationRequest::LONGEST_STATE && !state.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
