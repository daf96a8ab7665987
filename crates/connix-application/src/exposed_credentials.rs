//! API keys in addresses, which proxies, browsers and logs keep. Nobody is let in by one, and its organisation is told
//! (`reliability.md` K09).

use crate::app::App;
use crate::error::Error;
use connix_domain::api_key::Kid;
use connix_domain::audit::{AuditEntry, Origin, Outcome, Target};
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::Actor;
use connix_domain::id::OrgId;

/// What the audit log calls it.
const EXPOSED: &str = "credential.in_url";

impl App {
    /// What a call is answered that shows no credential where one belongs. `texts` are what stands in its address: the first that
    /// is an API key counts as a wrong credential, and is in the audit log of its organisation, at most once a minute, if it
    /// works. What is no key by its checksum costs no look-up.
    pub async fn refuse_exposed(&self, origin: Origin, mut texts: impl Iterator<Item = String>) -> Error {
        let Some(shown) = texts.find_map(|text| self.ports.credentials.read_key(&text)) else {
            return Error::Unauthorized;
        };
        let refusal = self.refuse_credential(origin.address);
        if refusal != Error::Unauthorized {
            return refusal;
        }
        match self.live_key(&shown).await {
            Ok(Some(known)) if self.known_credentials.is_first_exposure(&shown.kid) => {
                self.note_exposure(known.key.org, &shown.kid, origin).await;
                refusal
            }
            Ok(_) => refusal,
            Err(error) => error,
        }
    }

    /// A store that does not answer changes nothing about the refusal.
    async fn note_exposure(&self, org: OrgId, kid: &Kid, origin: Origin) {
        let target = Target::new("api_key", kid.id());
        let entry = AuditEntry {
            org,
            at: self.now(),
            actor: Actor::System,
            credential: Some(kid.id()),
            origin: Origin { action: EXPOSED.to_owned(), ..origin },
            target_kind: target.kind.to_owned(),
            target_id: target.id,
            outcome: Outcome::Refused,
            changed: Vec::new(),
        };
        if let Err(error) = self.ports.store.commit(ChangeSet::new().with(Change::Audit(entry))).await {
            tracing::warn!(%error, "a key that was shown in an address is not in the audit log");
        }
    }
}
