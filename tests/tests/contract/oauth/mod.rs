//! The authorization server (contract section 10; `reliability.md` 2.4 and table O).
//!
//! | cases of table O | where |
//! |---|---|
//! | O05 | `registration` |
//! | O01–O04, O06–O13, O49 | `requests` |
//! | O14–O17, O53–O55 | `consent` |
//! | O18, O20–O26, O52 | `redemption` |
//! | O27–O30 | `token_requests` |
//! | O31–O33, O35–O37 | `refresh` |
//! | O38–O44 | `forgeries` |
//! | O45, O46 | `access_tokens` |
//! | O47, O48 | `revocation` |
//! | O50, O51 | `metadata` |
//! | O19, and the half of O32 that is a race | `soak`, `redemptions.rs`, and the stores' contract suite, `redemptions.rs` |
//! | O34 | `failures`, `lost_answers.rs` |
//!
//! What needs an hour, a day or a month to go by has its times turned back in the store; to the second it is tested in the domain and
//! in the use cases (`connix-application`, `authorization.rs`).

mod access_tokens;
mod consent;
mod forger;
mod forgeries;
mod metadata;
mod redemption;
mod refresh;
mod registration;
mod requests;
mod revocation;
mod token_requests;

use std::net::TcpListener;

use connix_tests::{Answer, Browser, Member, Server, Tenant};
use serde_json::Value;

/// A member of an organisation of its own, signed in at a browser.
struct Scene {
    tenant: Tenant,
    member: Member,
    browser: Browser,
}

impl Scene {
    async fn new(server: &Server) -> Self {
        let tenant = server.tenant();
        let member = server.member(&tenant.organisation, "member");
        let browser = server.browser_of(&member).await;
        Self { tenant, member, browser }
    }
}

/// An address that nobody may call: whatever names it is not followed.
struct Trap(TcpListener);

impl Trap {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().unwrap())
    }

    fn assert_untouched(&self) {
        assert!(self.0.accept().is_err(), "{} was called", self.url());
    }
}

/// Fails the test unless the user is told, with this status, and the browser is sent nowhere.
#[track_caller]
fn told(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}: {}", answer.title, answer.text());
    assert_eq!(answer.header("location"), None, "{}", answer.title);
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{answer:?}");
    assert!(answer.text().contains("role=\"alert\""), "{}: {}", answer.title, answer.text());
}

/// Who a token acts as, if it is good.
async fn acts_as(server: &Server, token: &str) -> Option<String> {
    let answer = server.client_with_token(token).get("/api/v1/me").await;
    if answer.status == 401 {
        answer.refused(401, "UNAUTHORIZED");
        return None;
    }
    Some(answer.expect(200)["user"]["id"].as_str().unwrap().to_owned())
}

/// Who tried what was refused as this, by the organisation's audit log.
async fn misuses(tenant: &Tenant, action: &str) -> Vec<Value> {
    let log = tenant.client.get(&format!("/api/v1/audit-log?outcome=refused&action={action}")).await.expect(200);
    let entries = log["data"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["resource"]["type"] == "grant"), "{log}");
    entries.iter().map(|entry| entry["credential"].clone()).collect()
}
