//! Requests to one server with one credential.

use std::net::{IpAddr, SocketAddr};

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::Value;

use crate::{Answer, Parameters};

/// Speaks to one server, with an API key in `X-API-Key`, with an access token, or without credentials.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    credential: Credential,
}

#[derive(Clone, Debug)]
enum Credential {
    Nothing,
    Key(String),
    AccessToken(String),
}

/// A request that is being put together.
#[derive(Debug)]
#[must_use = "a call is made by `send`"]
pub struct Call {
    request: RequestBuilder,
    title: String,
}

/// Connections that are not kept.
fn unkept() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.pool_max_idle_per_host(0)
}

impl Client {
    /// Speaks to `address` with `key`, on a connection of its own for each request: one that was kept might lead to a server
    /// that has been killed since.
    pub fn new(address: SocketAddr, key: Option<&str>) -> Self {
        let credential = key.map_or(Credential::Nothing, |key| Credential::Key(key.to_owned()));
        Self { http: unkept().build().unwrap(), address, credential }
    }

    /// The same with an access token.
    #[must_use]
    pub fn with_access_token(self, token: &str) -> Self {
        Self { credential: Credential::AccessToken(token.to_owned()), ..self }
    }

    /// Another one for the same server, without credentials.
    #[must_use]
    pub fn without_credential(&self) -> Self {
        Self { credential: Credential::Nothing, ..self.clone() }
    }

    /// The same from another address of this computer.
    #[must_use]
    pub fn from(self, address: IpAddr) -> Self {
        Self { http: unkept().local_address(address).build().unwrap(), ..self }
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key; fails the test if there is none.
    pub fn key(&self) -> &str {
        match &self.credential {
            Credential::Key(key) => key,
            Credential::Nothing | Credential::AccessToken(_) => panic!("there is no key"),
        }
    }

    /// A request of any method to `path` (with its query), with this client's credential.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let title = format!("{method} {path}");
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        let request = match &self.credential {
            Credential::Nothing => request,
            Credential::Key(key) => request.header("X-API-Key", key),
            Credential::AccessToken(token) => request.bearer_auth(token),
        };
        Call { request, title }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path).json(body).send().await
    }

    /// POST without a body: an action.
    pub async fn act(&self, path: &str) -> Answer {
        self.call(Method::POST, path).send().await
    }

    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path).json(body).send().await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path).json(body).send().await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path).send().await
    }
}

impl Call {
    /// Adds a header, beside what is there already.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.title = format!("{} [{name}: {value}]", self.title);
        self.request = self.request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// A JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// The body of a form.
    pub fn form(self, fields: &Parameters) -> Self {
        self.body("application/x-www-form-urlencoded", fields.encoded())
    }

    /// A body of any type.
    pub fn body(self, content_type: &str, body: impl Into<Body>) -> Self {
        Self { request: self.request.header("Content-Type", content_type).body(body), ..self }
    }

    /// A body without a content type.
    pub fn untyped(self, body: impl Into<Body>) -> Self {
        Self { request: self.request.body(body), ..self }
    }

    /// Sends it and reads the whole answer; fails the test if there is none.
    pub async fn send(self) -> Answer {
        let title = self.title.clone();
        self.try_send().await.unwrap_or_else(|error| panic!("{title}: no answer: {error:?}"))
    }

    /// Sends it to a server that may be gone.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let response = self.request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        Ok(Answer { title: self.title, status: status.as_u16(), headers, body })
    }
}
