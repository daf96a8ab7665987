//! Applications that act for members: clients in the words of OAuth 2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Answer, Browser, Client, Parameters, unique};

/// Where an application that says nothing else has its answers sent.
pub const CALLBACK: &str = "https://app.example/callback";

/// An application that is registered.
#[derive(Clone, Debug)]
pub struct Application {
    client: Client,
    /// `client_…`
    pub id: String,
    /// Of a confidential one.
    pub secret: Option<String>,
    /// Where its answers are sent.
    pub redirect_uri: String,
}

/// What an application asks a member for, and what it keeps to itself meanwhile.
#[derive(Clone, Debug)]
pub struct Question {
    /// The parameters of the authorization request.
    pub parameters: Parameters,
    /// What proves that the code was given to whoever asked (RFC 7636).
    pub verifier: String,
}

/// A code that a member's browser has brought, and what it takes to redeem it.
#[derive(Clone, Debug)]
pub struct Code {
    /// `cxc_…`
    pub text: String,
    /// The verifier of the question.
    pub verifier: String,
}

/// What an application is given.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// A JWT.
    pub access: String,
    /// `cxr_…`
    pub refresh: String,
    /// The whole answer.
    pub answer: Value,
}

impl Client {
    /// Registers an application, `public` or `confidential`, that may ask for everything.
    pub async fn application(&self, kind: &str) -> Application {
        self.application_of(&json!({
            "name": unique("application"),
            "type": kind,
            "redirect_uris": [CALLBACK],
            "scopes": ["read", "write"],
        }))
        .await
    }

    /// Registers an application with `order`; its answers are sent to the first of its redirect URIs.
    pub async fn application_of(&self, order: &Value) -> Application {
        let made = self.post("/api/v1/oauth-clients", order).await.expect(201);
        Application {
            client: self.without_credential(),
            id: made["client_id"].as_str().unwrap().to_owned(),
            secret: made["client_secret"].as_str().map(str::to_owned),
            redirect_uri: order["redirect_uris"][0].as_str().unwrap().to_owned(),
        }
    }
}

/// The challenge that a verifier proves (RFC 7636 4.2, S256).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl Application {
    /// An authorization request for `scope` (`"read"`, `"read write"`), with a verifier and a state of its own.
    pub fn question(&self, scope: &str) -> Question {
        let verifier = format!("{:-<43}", unique("verifier"));
        let parameters = Parameters::of(&[
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", &unique("state")),
            ("code_challenge", &challenge(&verifier)),
            ("code_challenge_method", "S256"),
        ]);
        Question { parameters, verifier }
    }

    /// Asks for `scope` at a browser where a member is signed in, and the member says yes.
    pub async fn code(&self, browser: &mut Browser, scope: &str) -> Code {
        self.code_for(browser, self.question(scope)).await
    }

    /// Asks a question of its own there.
    pub async fn code_for(&self, browser: &mut Browser, question: Question) -> Code {
        let mut answer = browser.visit(&question.path()).await;
        // a confidential one that was let before is not asked again
        if answer.status == 200 {
            answer = browser.submit(&answer.form(200).with("decision", "allow")).await;
        }
        let told = answer.sent_back_to(&self.redirect_uri);
        assert_eq!(told.get("state"), question.parameters.get("state"), "{told:?}");
        Code { text: told.get("code").unwrap().to_owned(), verifier: question.verifier }
    }

    /// Asks, is let, and redeems.
    pub async fn tokens(&self, browser: &mut Browser, scope: &str) -> Tokens {
        let code = self.code(browser, scope).await;
        self.redeem(&code).await.tokens()
    }

    /// The form that redeems a code.
    pub fn redemption(&self, code: &Code) -> Parameters {
        self.signed(&[
            ("grant_type", "authorization_code"),
            ("code", &code.text),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &code.verifier),
        ])
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &Code) -> Answer {
        self.send("/oauth2/token", &self.redemption(code)).await
    }

    /// The form that asks for the next pair of tokens.
    pub fn refreshment(&self, refresh: &str) -> Parameters {
        self.signed(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
    }

    /// Asks for the next pair of tokens.
    pub async fn refresh(&self, refresh: &str) -> Answer {
        self.send("/oauth2/token", &self.refreshment(refresh)).await
    }

    /// Ends a token.
    pub async fn revoke(&self, token: &str) -> Answer {
        self.send("/oauth2/revoke", &self.signed(&[("token", token)])).await
    }

    /// Asks what a token is worth.
    pub async fn introspect(&self, token: &str) -> Answer {
        self.send("/oauth2/introspect", &self.signed(&[("token", token)])).await
    }

    /// Whether a token is worth something, by the word of the server.
    pub async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await.expect(200)["active"].as_bool().unwrap()
    }

    /// A form in which the application says who it is.
    pub fn signed(&self, pairs: &[(&str, &str)]) -> Parameters {
        let form = Parameters::of(pairs).and("client_id", &self.id);
        self.secret.iter().fold(form, |form, secret| form.and("client_secret", secret))
    }

    /// POST of a form as it is.
    pub async fn send(&self, path: &str, form: &Parameters) -> Answer {
        self.client.call(Method::POST, path).form(form).send().await
    }
}

impl Question {
    /// Where the browser is sent.
    pub fn path(&self) -> String {
        format!("/oauth2/authorize?{}", self.parameters.encoded())
    }

    /// The same with another parameter.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        Self { parameters: self.parameters.with(name, value), ..self }
    }

    /// The same without one.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        Self { parameters: self.parameters.without(name), ..self }
    }
}

impl Answer {
    /// The pair of tokens of an answer that must give one (RFC 6749 5.1), and must be kept by nobody.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        let answer = self.expect(200);
        assert_eq!(self.header("cache-control"), Some("no-store"), "{}", self.title);
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token"), answer }
    }

    /// Fails the test unless this is the protocol's refusal with the word `error` (RFC 6749 5.2).
    #[track_caller]
    pub fn refused_grant(&self, status: u16, error: &str) {
        let answer = self.expect(status);
        assert_eq!(answer["error"], error, "{}: {answer}", self.title);
        assert_eq!(crate::keys(&answer), ["error", "error_description"].into(), "{}", self.title);
        assert_eq!(self.header("cache-control"), Some("no-store"), "{}", self.title);
    }
}
