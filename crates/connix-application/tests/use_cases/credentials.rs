//! What a credential costs before it is known to be good, and what becomes of keys in addresses.

use crate::world::World;
use connix_application::{Error, RateLimits};
use connix_domain::audit::{AuditEntry, Origin, Outcome};
use connix_domain::event::Actor;
use connix_domain::page::AuditQuery;
use connix_domain::port::audit::AuditReader;
use connix_domain::rate_limit::Figures;
use std::net::{IpAddr, Ipv4Addr};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// A key by its form, that nobody has.
const UNKNOWN: &str = "cx_000000000099_secret";

impl World {
    /// The text of the key that the world's caller has.
    fn key(&self) -> String {
        format!("{}_secret", self.caller.key().unwrap().id())
    }

    /// How many keys are looked up to find out that a text lets nobody in.
    async fn look_ups_of(&self, text: &str) -> u64 {
        let before = self.store.key_look_ups();
        assert_eq!(self.app.authenticate(text).await.map(drop), Err(Error::Unauthorized), "{text}");
        self.store.key_look_ups() - before
    }

    /// A call without a credential, with these texts in its address.
    async fn expose(&self, texts: &[&str]) -> Error {
        let origin = Origin { address: Some(HERE), request_id: Some("req_1".to_owned()), ..Origin::local("hello") };
        self.app.refuse_exposed(origin, texts.iter().map(|text| (*text).to_owned())).await
    }

    async fn exposures(&self) -> Vec<AuditEntry> {
        let query = AuditQuery { action: Some("credential.in_url".to_owned()), ..AuditQuery::everything(100) };
        let entries = self.store.audit_log(self.caller.scope(), &query).await.unwrap();
        entries.into_iter().map(|placed| placed.entry).collect()
    }
}

/// K02, K03: what is no key by its form or checksum.
#[tokio::test]
async fn garbage_costs_no_look_up() {
    let world = World::new().await;
    for garbage in ["cy_your_api_key_here", "", "eyJ.eyJ.sig", "Bearer"] {
        assert_eq!(world.look_ups_of(garbage).await, 0, "{garbage}");
    }
}

/// K04: by time nobody can tell which keys exist, also not which are in use.
#[tokio::test]
async fn a_wrong_text_of_a_known_key_costs_what_one_of_an_unknown_key_costs() {
    let world = World::new().await;
    let wrong = format!("{}_guessed", world.caller.key().unwrap().id());
    for in_use in [false, true] {
        if in_use {
            world.app.authenticate(&world.key()).await.unwrap();
        }
        assert_eq!((world.look_ups_of(&wrong).await, world.look_ups_of(UNKNOWN).await), (1, 1), "in use: {in_use}");
    }
}

/// K16.
#[tokio::test]
async fn whoever_guessed_too_often_costs_no_look_up_also_with_the_name_of_a_known_key() {
    let limits = RateLimits { figures: Figures::default(), failed_credentials: 3 };
    let world = World::limited(limits).await;
    let key = world.key();
    world.app.authenticate_from(Some(HERE), &key).await.unwrap();
    for _ in 0..3 {
        assert_eq!(world.app.authenticate_from(Some(HERE), UNKNOWN).await.map(drop), Err(Error::Unauthorized));
    }
    let before = world.store.key_look_ups();
    for guess in [UNKNOWN, &format!("{key}x"), "nonsense"] {
        let refused = world.app.authenticate_from(Some(HERE), guess).await.map(drop);
        assert_eq!(refused, Err(Error::RateLimited { retry_after: 60 }), "{guess}");
    }
    assert_eq!(world.store.key_look_ups(), before);
    world.app.authenticate_from(Some(HERE), &key).await.unwrap();
}

/// K09.
#[tokio::test]
async fn a_key_in_an_address_lets_nobody_in_and_its_organisation_is_told_once_a_minute() {
    let world = World::new().await;
    let key = world.key();
    for _ in 0..3 {
        assert_eq!(world.expose(&["page", &key]).await, Error::Unauthorized);
    }
    let exposures = world.exposures().await;
    let [entry] = exposures.as_slice() else { unreachable!("{exposures:?}") };
    let id = world.caller.key().unwrap().id();
    assert_eq!((entry.target_kind.as_str(), &entry.target_id, entry.credential.as_ref()), ("api_key", &id, Some(&id)));
    assert_eq!((entry.actor, entry.outcome, entry.origin.address), (Actor::System, Outcome::Refused, Some(HERE)));
    assert!(!format!("{entry:?}").contains("secret"), "{entry:?}");
}

/// K09: a key's name is no secret, and whoever knows it writes nothing into its organisation's log.
#[tokio::test]
async fn what_is_no_working_key_is_told_nobody() {
    let world = World::new().await;
    let before = world.store.key_look_ups();
    assert_eq!(world.expose(&["page", "cy_1", "2"]).await, Error::Unauthorized);
    assert_eq!(world.store.key_look_ups(), before, "garbage costs no look-up");
    for text in [UNKNOWN, &format!("{}_guessed", world.caller.key().unwrap().id())] {
        assert_eq!(world.expose(&[text]).await, Error::Unauthorized);
    }
    assert_eq!(world.store.key_look_ups(), before + 2);
    assert_eq!(world.exposures().await, Vec::new());
}

/// K09, K16.
#[tokio::test]
async fn keys_in_addresses_count_as_wrong_ones() {
    let limits = RateLimits { figures: Figures::default(), failed_credentials: 3 };
    let world = World::limited(limits).await;
    for _ in 0..3 {
        assert_eq!(world.expose(&[UNKNOWN]).await, Error::Unauthorized);
    }
    let before = world.store.key_look_ups();
    assert_eq!(world.expose(&[&world.key()]).await, Error::RateLimited { retry_after: 60 });
    assert_eq!(world.store.key_look_ups(), before);
    assert_eq!(world.expose(&[]).await, Error::Unauthorized, "a missing credential is none that is wrong");
}
