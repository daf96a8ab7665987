//! What happens in the browser: an application asks, the user signs in if need be, and says yes or no.
//!
//! Between the pages the request travels with the browser as a [`Ticket`].

use super::answering;
use crate::app::App;
use crate::console::SignedIn;
use crate::error::Error;
use crate::ticket::{Errand, Ticket};
use connix_domain::audit::Target;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::id::GrantId;
use connix_domain::oauth::authorization::{AuthorizationRequest, PageFault, Parameters, Refusal};
use connix_domain::oauth::change::OAuthChange;
use connix_domain::oauth::client::{ClientKind, OAuthClient};
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::Consent;
use connix_domain::phases;
use connix_domain::port::oauth::Opaque;
use serde_json::{Value, json};

/// The parameters that matter; others are not carried along.
const CARRIED: [&str; 12] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "request",
    "request_uri",
    "code_challenge",
    "code_challenge_method",
    "scope",
    "state",
    "resource",
    "nonce",
];

/// What is to be done about a request.
#[derive(Debug)]
pub enum Authorization {
    /// The user is told what is wrong; nobody is sent anywhere.
    Page(PageFault),
    /// The browser is sent to this address.
    Redirect(String),
    /// The user signs in first.
    SignIn(Ticket),
    /// The user is asked.
    Consent(Ticket),
}

/// What the user is asked.
#[derive(Debug)]
pub struct Question {
    /// Who asks.
    pub client: OAuthClient,
    /// For what, and where the answer goes.
    pub request: AuthorizationRequest,
}

phases! {
    /// The user's answer.
    pub enum Decision {
        /// Yes.
        Allow = "allow",
        /// No.
        Deny = "deny",
    }
}

impl App {
    /// Judges a request that `browser` brought, whose user may be signed in.
    ///
    /// # Errors
    /// What the store says.
    pub async fn authorize(
        &self,
        parameters: &Parameters,
        browser: &str,
        user: Option<&SignedIn>,
    ) -> Result<Authorization, Error> {
        let Question { client, request } = match self.question(parameters).await? {
            Ok(question) => question,
            Err(Refusal::Page(fault)) => return Ok(Authorization::Page(fault)),
            Err(Refusal::Redirect(told)) => return Ok(Authorization::Redirect(told.location(self.issuer()))),
        };
        let ticket = self.ticket(Errand::AuthorizationRequest, browser, &carried(parameters));
        let Some(user) = user.filter(|user| user.member.org == request.org) else {
            return Ok(Authorization::SignIn(ticket));
        };
        let answered = self.answered_before(user, &Question { client, request }).await?;
        Ok(answered.map_or(Authorization::Consent(ticket), Authorization::Redirect))
    }

    async fn question(&self, parameters: &Parameters) -> Result<Result<Question, Refusal>, Error> {
        let client = match AuthorizationRequest::client_of(parameters) {
            Ok(id) => self.store().client_anywhere(id).await?,
            Err(_) => None,
        };
        let read = AuthorizationRequest::read(parameters, client.as_ref(), self.issuer());
        Ok(read.and_then(|request| {
            let client = client.ok_or(Refusal::Page(PageFault::UnknownClient))?;
            Ok(Question { client, request })
        }))
    }

    /// What a ticket asks, if it is one of this browser and still open. The client is looked at anew.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open_ticket(&self, ticket: &Ticket, browser: &str) -> Result<Option<Question>, Error> {
        match self.kept_in(Errand::AuthorizationRequest, ticket, browser) {
            Some(carried) => self.question_again(carried).await,
            None => Ok(None),
        }
    }

    /// What was carried along in a ticket, looked at anew.
    pub(crate) async fn question_again(&self, carried: Value) -> Result<Option<Question>, Error> {
        let parameters = serde_json::from_value(carried).unwrap_or_default();
        Ok(self.question(&Parameters::new(parameters)).await?.ok())
    }

    /// Answers for the user; gives the address to send the browser to. `None` when the user is not one who can be asked, or the
    /// application was removed meanwhile.
    ///
    /// # Errors
    /// What the store says.
    pub async fn decide(
        &self,
        user: &SignedIn,
        question: &Question,
        decision: Decision,
    ) -> Result<Option<String>, Error> {
        let request = &question.request;
        if user.member.org != request.org {
            return Ok(None);
        }
        if decision == Decision::Deny {
            return Ok(Some(request.denied().location(self.issuer())));
        }
        let consent = Consent {
            org: request.org,
            user: user.member.id,
            client: request.client,
            scopes: request.scopes.clone(),
            given_at: self.now(),
        };
        let audited = self.audited_at_browser(user, Target::new("oauth_client", request.client), ["consent"]);
        let given = ChangeSet::new().with(OAuthChange::GiveConsent(consent).into()).with(audited);
        self.issue_code(user, request, given).await
    }

    /// The address to send the browser to without asking: the user has said yes to all of this before.
    ///
    /// # Errors
    /// What the store says.
    pub async fn answered_before(&self, user: &SignedIn, question: &Question) -> Result<Option<String>, Error> {
        let Question { client, request } = question;
        if user.member.org != request.org || !self.has_consented(user, client, request).await? {
            return Ok(None);
        }
        self.issue_code(user, request, ChangeSet::new()).await
    }

    /// Whether the user has said yes to all of this before, and to the application as it is: whoever changes where its answers are
    /// sent is not let what another was. A public client cannot prove that it is the one that was meant, so
    /// its users are asked each time (RFC 8252 8.6).
    async fn has_consented(
        &self,
        user: &SignedIn,
        client: &OAuthClient,
        request: &AuthorizationRequest,
    ) -> Result<bool, Error> {
        if client.kind == ClientKind::Public {
            return Ok(false);
        }
        let given = self.store().consent(answering(request.org), user.member.id, client.id).await?;
        Ok(given.is_some_and(|consent| consent.scopes.hold(&request.scopes) && consent.given_at >= client.updated_at))
    }

    /// The address with a code, which is written with what is `given`. `None` when the application was removed meanwhile.
    async fn issue_code(
        &self,
        user: &SignedIn,
        request: &AuthorizationRequest,
        given: ChangeSet,
    ) -> Result<Option<String>, Error> {
        let (text, digest) = self.ports.opaque.mint(Opaque::Code);
        let code = AuthorizationCode {
            org: request.org,
            digest,
            client: request.client,
            user: user.member.id,
            grant: GrantId::new(self.ports.ids.bits()),
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            scopes: request.scopes.clone(),
            auth_time: user.session.signed_in_at,
            expires_at: self.now() + AuthorizationCode::LIFETIME,
            used_at: None,
            failures: 0,
        };
        match self.commit_quietly(given.with(Change::from(OAuthChange::IssueCode(code)))).await {
            Ok(()) => Ok(Some(request.allowed(text.expose()).location(self.issuer()))),
            Err(Error::Raced) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// What of a request travels with the browser.
fn carried(parameters: &Parameters) -> Value {
    let carried: Vec<_> = CARRIED.iter().filter_map(|name| Some((*name, parameters.get(name)?))).collect();
    json!(carried)
}
