//! Tickets: what travels with a browser from page to page while somebody signs in.
//!
//! They are sealed, good for a while, and only in the browser that was given them. So nobody can change what is in them or hand one to
//! another browser, and whoever only knocks leaves nothing in the store.

use crate::app::App;
use chrono::Duration;
use connix_domain::phases;
use connix_domain::port::secrets::Sealed;
use serde_json::{Value, json};

/// Sealed words of ours to ourselves.
#[derive(Debug, Clone)]
pub struct Ticket(pub Vec<u8>);

phases! {
    /// What a ticket is for. One of one kind is none of another.
    pub(crate) enum Errand {
        /// What an application asks for, until the user answers.
        AuthorizationRequest = "authorization-request",
        /// A sign-in through the provider, until the user comes back from there.
        UpstreamSignIn = "upstream-sign-in",
    }
}

impl Errand {
    const fn lifetime(self) -> Duration {
        match self {
            Self::AuthorizationRequest => Duration::minutes(15),
            Self::UpstreamSignIn => Duration::minutes(10),
        }
    }

    /// Where its tickets belong.
    fn place(self, browser: &str) -> String {
        format!("{self}/{browser}")
    }
}

impl App {
    /// A ticket for this browser.
    pub(crate) fn ticket(&self, errand: Errand, browser: &str, kept: &Value) -> Ticket {
        let text = json!({"until": (self.now() + errand.lifetime()).timestamp(), "kept": kept}).to_string();
        Ticket(self.ports.sealer.seal(&errand.place(browser), text.as_bytes()).0)
    }

    /// What is in a ticket, if it is one of this browser and still good.
    pub(crate) fn kept_in(&self, errand: Errand, ticket: &Ticket, browser: &str) -> Option<Value> {
        let text = self.ports.sealer.open(&errand.place(browser), &Sealed(ticket.0.clone())).ok()?;
        let mut read: Value = serde_json::from_slice(&text).ok()?;
        let good = read["until"].as_i64().is_some_and(|until| self.now().timestamp() < until);
        good.then(|| read["kept"].take())
    }
}
