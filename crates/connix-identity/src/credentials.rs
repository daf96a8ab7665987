//! The domain's `Credentials` port: mints and reads API keys, worker tokens and invitations, and digests them under the installation's pepper.
//!
//! Credentials are random, so a fast keyed hash is enough (`reliability.md` rule 8): with the table alone, and without the master
//! key's file, nobody can mint a key or test a guess.

use connix_domain::api_key::{Digest, Kid};
use connix_domain::id::{AgentId, OrgId};
use connix_domain::port::secrets::{Credentials, MintedKey, PresentedKey, PresentedToken, Secret};
use secrecy::{ExposeSecret, SecretBox};
use subtle::ConstantTimeEq;

use crate::keyed_digest::keyed_digest;
use crate::master_key::{MasterKey, Purpose};
use crate::{api_key, invitation, worker_token};

/// Credentials under the pepper of one master key.
#[derive(Debug)]
pub struct PepperedCredentials {
    pepper: SecretBox<[u8; 32]>,
}

impl PepperedCredentials {
    /// The pepper is derived from the master key: another master key knows none of the stored digests.
    pub fn new(master: &MasterKey) -> Self {
        Self { pepper: SecretBox::new(Box::new(master.derive(Purpose::Credentials))) }
    }

    fn digest(&self, text: &str) -> Digest {
        Digest(keyed_digest(self.pepper.expose_secret(), text.as_bytes()))
    }
}

impl Credentials for PepperedCredentials {
    fn mint_key(&self) -> MintedKey {
        let (kid, text) = api_key::generate();
        MintedKey { digest: self.digest(&text), kid: Kid::new(kid), text: Secret::new(text) }
    }

    fn read_key(&self, text: &str) -> Option<PresentedKey> {
        let kid = Kid::new(api_key::kid(text)?);
        Some(PresentedKey { kid, digest: self.digest(text) })
    }

    fn mint_worker_token(&self, org: OrgId, agent: AgentId) -> (Secret, Digest) {
        let text = worker_token::generate(org.bits(), agent.bits());
        let digest = self.digest(&text);
        (Secret::new(text), digest)
    }

    fn read_worker_token(&self, text: &str) -> Option<PresentedToken> {
        let (org, agent) = worker_token::parse(text)?;
        Some(PresentedToken { org: OrgId::new(org), agent: AgentId::new(agent), digest: self.digest(text) })
    }

    fn mint_invitation(&self) -> (Secret, Digest) {
        let text = invitation::generate();
        let digest = self.digest(&text);
        (Secret::new(text), digest)
    }

    fn read_invitation(&self, text: &str) -> Option<Digest> {
        invitation::is_one(text).then(|| self.digest(text))
    }

    fn same(&self, a: &Digest, b: &Digest) -> bool {
        a.0.ct_eq(&b.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::LazyLock;

    fn credentials(master: u8) -> PepperedCredentials {
        PepperedCredentials::new(&MasterKey::from_bytes([master; 32]))
    }

    #[test]
    fn a_minted_key_reads_back_to_the_same_digest() {
        let minted = credentials(1).mint_key();
        let read = credentials(1).read_key(minted.text.expose()).unwrap();
        assert_eq!(read.kid, minted.kid);
        assert!(credentials(1).same(&read.digest, &minted.digest));
    }

    #[test]
    fn the_text_of_a_key_and_its_digest_are_never_in_its_debug_form() {
        let minted = credentials(1).mint_key();
        let printed = format!("{minted:?}");
        let (body, secret) = minted.text.expose().rsplit_once('_').unwrap();
        assert!(printed.contains(body) && !printed.contains(secret), "{printed}");
        let pepper = credentials(1);
        assert!(!format!("{pepper:?}").contains(&format!("{:?}", pepper.pepper.expose_secret())));
    }

    #[test]
    fn an_invitation_reads_back_to_its_digest_and_is_no_other_credential() {
        let (text, digest) = credentials(1).mint_invitation();
        assert_eq!(credentials(1).read_invitation(text.expose()), Some(digest));
        assert!(credentials(1).read_key(text.expose()).is_none());
        assert!(credentials(1).read_worker_token(text.expose()).is_none());
        let minted = credentials(1).mint_key();
        assert!(credentials(1).read_invitation(minted.text.expose()).is_none());
    }

    #[test]
    fn under_another_master_key_no_digest_is_the_same() {
        let minted = credentials(1).mint_key();
        let read = credentials(2).read_key(minted.text.expose()).unwrap();
        assert!(!credentials(2).same(&read.digest, &minted.digest));
    }

    #[test]
    fn a_worker_token_is_no_api_key_and_an_api_key_is_no_worker_token() {
        let (token, _) = credentials(1).mint_worker_token(OrgId::new(1), AgentId::new(2));
        assert!(credentials(1).read_key(token.expose()).is_none());
        let minted = credentials(1).mint_key();
        assert!(credentials(1).read_worker_token(minted.text.expose()).is_none());
    }

    /// A key with some of its characters moved on among the printable ones, and its checksum made to fit again or not.
    fn mutated(key: &str, moves: &BTreeMap<usize, u8>, repaired: bool) -> String {
        let mut bytes = key.as_bytes().to_vec();
        for (position, by) in moves {
            bytes[*position] = 0x21 + (bytes[*position] - 0x21 + by) % 94;
        }
        let text = String::from_utf8(bytes).unwrap();
        let body = &text[..text.len() - 6];
        if repaired { format!("{body}{}", crate::base62::checksum(body)) } else { text }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]

        /// K05.
        #[test]
        fn no_mutation_of_a_key_is_taken_for_it(moves in btree_map(0usize..54, 1u8..94, 1..4), repaired: bool) {
            static OURS: LazyLock<PepperedCredentials> = LazyLock::new(|| credentials(1));
            static MINTED: LazyLock<MintedKey> = LazyLock::new(|| OURS.mint_key());
            let text = mutated(MINTED.text.expose(), &moves, repaired);
            if text != MINTED.text.expose() {
                let read = OURS.read_key(&text);
                prop_assert!(!read.is_some_and(|read| OURS.same(&read.digest, &MINTED.digest)), "{}", text);
            }
        }
    }

    proptest! {
        #[test]
        fn a_minted_worker_token_reads_back_to_its_agent_and_digest(org: u64, agent: u64) {
            let (org, agent) = (OrgId::new(org), AgentId::new(agent));
            let (token, digest) = credentials(1).mint_worker_token(org, agent);
            let read = credentials(1).read_worker_token(token.expose()).unwrap();
            prop_assert_eq!((read.org, read.agent, read.digest), (org, agent, digest));
        }

        #[test]
        fn digests_are_the_same_exactly_when_every_bit_is(a: [u8; 32], byte in 0usize..32, bit in 0u8..8) {
            let mut b = a;
            b[byte] ^= 1 << bit;
            prop_assert!(credentials(1).same(&Digest(a), &Digest(a)));
            prop_assert!(!credentials(1).same(&Digest(a), &Digest(b)));
        }
    }
}
