//! Hears what other servers are short of.

use super::super::session::Address;
use super::desk::Desk;
use connix_domain::rate_limit::Policy;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Where `rate_take` tells it.
const CHANNEL: &str = "connix_rate_limits";
/// From a lost connection to the next attempt.
const PAUSE: Duration = Duration::from_millis(500);

/// A budget of which another server is short.
#[derive(Debug, PartialEq, Eq)]
struct Recall {
    opens: i64,
    policy: Policy,
    subject: String,
}

impl Recall {
    /// Reads `opens policy subject`; the subject may hold spaces.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (opens, policy, subject) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { opens: opens.parse().ok()?, policy: policy.parse().ok()?, subject: subject.to_owned() })
    }
}

/// Listens as long as there is a desk. While nothing can be heard nothing is leased, and what was leased is given back.
pub(super) async fn listen(desk: Weak<Desk>, address: Arc<Address>) {
    loop {
        match address.listen(CHANNEL).await {
            Err(error) => tracing::warn!(%error, "budgets are not leased: other servers could not be heard"),
            Ok((_session, mut heard)) => {
                let Some(here) = desk.upgrade() else { return };
                here.listens(true);
                drop(here);
                while let Some(text) = heard.recv().await {
                    let Some(here) = desk.upgrade() else { return };
                    if let Some(recall) = Recall::read(&text) {
                        tokio::spawn(async move { here.give_back(&recall.subject, recall.policy, recall.opens).await });
                    }
                }
            }
        }
        let Some(here) = desk.upgrade() else { return };
        here.listens(false);
        here.give_back_all().await;
        drop(here);
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recall_is_read_as_it_is_written_and_nothing_else_is() {
        let recall = Recall::read("1700000040 agents_list user_1 of client_2");
        let subject = "user_1 of client_2".to_owned();
        assert_eq!(recall, Some(Recall { opens: 1_700_000_040, policy: Policy::AgentsList, subject }));
        for other in ["", "1", "1 hour", "x hour key", "1 year key"] {
            assert_eq!(Recall::read(other), None, "{other}");
        }
    }
}
