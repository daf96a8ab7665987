//! A native application: it asks with the `oauth2` crate, and listens on a port of its own for the answer.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use connix_tests::{Client, Server};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::url::Url;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, TokenUrl,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// What is said at the end of its redirect.
pub(crate) const GOODBYE: &str = "Back in the application";

type OAuth2 = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// An application that is registered.
pub(crate) struct Application {
    oauth2: OAuth2,
    answers: UnboundedReceiver<BTreeMap<String, String>>,
    /// What the server calls itself in its metadata.
    pub(crate) issuer: String,
}

/// A question that is on its way.
pub(crate) struct Asked {
    /// Where the browser is to go.
    pub(crate) url: Url,
    /// What has to come back with the answer.
    pub(crate) state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl Application {
    /// Registers an application that may ask for everything, and learns from the metadata where to.
    pub(crate) async fn registered(server: &Server, client: &Client, name: &str) -> Self {
        let order = json!({
            "name": name, "type": "public", "redirect_uris": ["http://127.0.0.1/cb"], "scopes": ["read", "write"]
        });
        let id = text(&client.post("/api/v1/oauth-clients", &order).await.expect(201), "client_id");
        let metadata = server.anonymous().get("/.well-known/oauth-authorization-server").await.expect(200);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let redirect = format!("http://{}/cb", listener.local_addr().unwrap());
        let oauth2 = BasicClient::new(ClientId::new(id))
            .set_auth_uri(AuthUrl::new(text(&metadata, "authorization_endpoint")).unwrap())
            .set_token_uri(TokenUrl::new(text(&metadata, "token_endpoint")).unwrap())
            .set_redirect_uri(RedirectUrl::new(redirect).unwrap());
        let (sink, answers) = unbounded_channel();
        tokio::spawn(listen(listener, sink));
        Self { oauth2, answers, issuer: text(&metadata, "issuer") }
    }

    /// A new question.
    pub(crate) fn asks_for(&self, scope: &str) -> Asked {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asking = self.oauth2.authorize_url(CsrfToken::new_random).add_scope(Scope::new(scope.to_owned()));
        let (url, state) = asking.set_pkce_challenge(challenge).url();
        Asked { url, state, verifier }
    }

    /// Waits for the browser to come back, and returns what it brings.
    pub(crate) async fn answer(&mut self) -> BTreeMap<String, String> {
        let answer = timeout(Duration::from_secs(30), self.answers.recv());
        answer.await.unwrap().unwrap()
    }

    /// Exchanges a code for tokens.
    pub(crate) async fn exchange(&self, asked: Asked, code: &str) -> BasicTokenResponse {
        let exchange = self.oauth2.exchange_code(AuthorizationCode::new(code.to_owned()));
        exchange.set_pkce_verifier(asked.verifier).request_async(&send).await.unwrap()
    }

    /// Exchanges a refresh token for new tokens.
    pub(crate) async fn refresh(&self, token: &RefreshToken) -> BasicTokenResponse {
        self.oauth2.exchange_refresh_token(token).request_async(&send).await.unwrap()
    }

    /// Tries to exchange a refresh token that is worth nothing; what the server says.
    pub(crate) async fn refused_refresh(&self, token: &RefreshToken) -> BasicErrorResponseType {
        match self.oauth2.exchange_refresh_token(token).request_async(&send).await {
            Err(RequestTokenError::ServerResponse(said)) => said.error().clone(),
            other => panic!("not refused: {other:?}"),
        }
    }
}

fn text(document: &Value, key: &str) -> String {
    document[key].as_str().unwrap_or_else(|| panic!("no {key}: {document}")).to_owned()
}

/// Takes what browsers bring. They also open connections on which they never say anything.
async fn listen(listener: TcpListener, sink: UnboundedSender<BTreeMap<String, String>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(receive(stream, sink.clone()));
    }
}

/// Whatever else a browser asks for is not there.
async fn receive(mut stream: TcpStream, sink: UnboundedSender<BTreeMap<String, String>>) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).await?;
    let target = line.split(' ').nth(1).unwrap_or_default();
    let url = Url::parse("http://127.0.0.1").unwrap().join(target).unwrap();
    let (status, body) = match url.path() {
        "/cb" => (
            "200 OK",
            format!("<!doctype html><title>Done</title><link rel=\"icon\" href=\"data:,\"><h1>{GOODBYE}</h1>"),
        ),
        _ => ("404 Not Found", String::new()),
    };
    if url.path() == "/cb" {
        _ = sink.send(url.query_pairs().into_owned().collect());
    }
    let head = format!("content-type: text/html\r\nconnection: close\r\ncontent-length: {}", body.len());
    stream.write_all(format!("HTTP/1.1 {status}\r\n{head}\r\n\r\n{body}").as_bytes()).await
}

/// How the `oauth2` crate reaches the server: it brings a client of another version than ours.
async fn send(request: HttpRequest) -> reqwest::Result<HttpResponse> {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = http.execute(request.try_into()?).await?;
    let mut response = HttpResponse::default();
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}
