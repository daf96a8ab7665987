//! A browser in which a member is signed in to the console (`reliability.md` 2.5).

use crate::Timestamp;
use crate::api_key::Digest;
use crate::id::{BrowserSessionId, OrgId, UserId};
use chrono::Duration;

/// What is kept of a session. The credential itself is in the browser's cookie alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// The tenant.
    pub org: OrgId,
    /// What it is called in the list of sessions.
    pub id: BrowserSessionId,
    /// What is kept of its credential.
    pub digest: Digest,
    /// Who is signed in.
    pub user: UserId,
    /// When that member signed in; nothing older than its password counts.
    pub signed_in_at: Timestamp,
    /// When it was used last, to the minute.
    pub last_seen_at: Timestamp,
    /// What the browser calls itself, for the list.
    pub browser: String,
    /// Where it signed in from, for the list.
    pub address: String,
}

impl BrowserSession {
    /// A session that nobody uses lasts this long.
    pub const IDLE: Duration = Duration::hours(12);
    /// No session lasts longer.
    pub const LONGEST: Duration = Duration::days(7);
    /// Its use is noted no more often than this.
    pub const NOTED_EVERY: Duration = Duration::seconds(60);

    /// Whether it is good at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now - self.last_seen_at < Self::IDLE && now - self.signed_in_at < Self::LONGEST
    }

    /// Whether its use at `now` is worth noting.
    pub fn is_news(&self, now: Timestamp) -> bool {
        now - self.last_seen_at >= Self::NOTED_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
        let noon = Timestamp::UNIX_EPOCH;
        let session = BrowserSession {
            org: OrgId::new(1),
            id: BrowserSessionId::new(2),
            digest: Digest([0; 32]),
            user: UserId::new(3),
            signed_in_at: noon,
            last_seen_at: noon,
            browser: String::new(),
            address: String::new(),
        };
        let second = Duration::seconds(1);
        assert!(session.is_live(noon + BrowserSession::IDLE - second));
        assert!(!session.is_live(noon + BrowserSession::IDLE));
        let used = BrowserSession { last_seen_at: noon + BrowserSession::LONGEST - second, ..session };
        assert!(used.is_live(noon + BrowserSession::LONGEST - second));
        assert!(!used.is_live(noon + BrowserSession::LONGEST));
    }
}
