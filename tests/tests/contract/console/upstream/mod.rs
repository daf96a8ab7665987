//! Signing in through the operator's OpenID Connect provider, which the testkit plays.

mod coming_back;
mod refusals;
mod signing_in;

use connix_testkit::fake_provider::FakeProvider;
use connix_tests::{Answer, Browser, Client, Member, PROVIDER, Server, Settings, Store};
use url::Url;

/// Where the page for signing in leads to when no application has asked for anything.
const BEGIN: &str = "/console/upstream";
const CALLBACK: &str = "/console/upstream/callback";

/// A server that trusts a provider.
struct Trusting {
    provider: FakeProvider,
    server: Server,
}

impl Trusting {
    async fn new(store: Store) -> Self {
        let provider = FakeProvider::start().await;
        let server = Server::start(store, Settings::with_provider(&provider.issuer()));
        Self { provider, server }
    }

    /// A member of the first organisation; whoever comes to the provider from now on has its address.
    fn member(&self) -> Member {
        let member = self.server.member("default", "member");
        self.provider.signs_in(&format!("account of {}", member.id), &member.email, true);
        member
    }

    /// Sends a browser to the provider by a link of ours; gives where on our server the browser is sent back to.
    async fn sent_back(&self, browser: &mut Browser, link: &str) -> String {
        let away = browser.get(link).await;
        assert_eq!(away.status, 303, "{}: {}", away.title, away.text());
        let at = Url::parse(away.header("location").unwrap()).unwrap();
        assert_eq!(at.origin().ascii_serialization(), self.provider.issuer());
        let provider = Client::new(at.socket_addrs(|| None).unwrap()[0], None);
        let back = provider.get(&format!("{}?{}", at.path(), at.query().unwrap())).await;
        let to = back.header("location").unwrap_or_else(|| panic!("{}: {}", back.title, back.text()));
        let ours = format!("http://{}", self.server.installation.listen);
        to.strip_prefix(&ours).unwrap_or_else(|| panic!("sent to {to}")).to_owned()
    }

    /// Goes to the provider and comes back.
    async fn comes_back(&self, browser: &mut Browser) -> Answer {
        let back = self.sent_back(browser, BEGIN).await;
        browser.get(&back).await
    }

    /// What the audit log has of people who came back, about a resource or about all; the oldest first.
    async fn came_back(&self, outcome: &str, resource: Option<&str>) -> Vec<serde_json::Value> {
        let about = resource.map(|id| format!("&resource_id={id}")).unwrap_or_default();
        let path = format!("/api/v1/audit-log?limit=100&order=desc&action=endUpstreamSignIn&outcome={outcome}{about}");
        let log = self.server.client().get(&path).await.expect(200);
        log["data"].as_array().unwrap().clone()
    }
}

/// The way to the provider that a page for signing in shows.
fn link_of(page: &Answer) -> Option<String> {
    let text = page.text();
    let (before, _) = text.split_once(&format!("\" class=\"button\">Continue with {PROVIDER}</a>"))?;
    before.rsplit_once("href=\"").map(|(_, link)| link.to_owned())
}

/// Fails the test unless somebody is let in, and led to the account page.
#[track_caller]
fn is_let_in(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/console")),
        "{}: {}",
        answer.title,
        answer.text()
    );
}

/// Fails the test unless this is the page for signing in, which says what is wrong and shows both ways, without a session.
#[track_caller]
fn is_refused(answer: &Answer, status: u16, sentence: &str) {
    let page = answer.text();
    assert_eq!(answer.status, status, "{}: {page}", answer.title);
    assert!(page.contains("role=\"alert\"") && page.contains(sentence), "{}: {page}", answer.title);
    assert_eq!(answer.form(status).action, "/console/sign-in");
    assert!(link_of(answer).is_some(), "{}: {page}", answer.title);
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    assert!(!cookies.any(|cookie| cookie.starts_with("cx_session")), "{}: {:?}", answer.title, answer.headers);
}
