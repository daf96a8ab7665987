//! The domain's `OpaqueCredentials` port: client secrets, authorization codes, refresh tokens, browser sessions.
//!
//! Each is a prefix and random base62 digits; what is kept is a digest under the installation's pepper, as with API keys. A
//! refresh token's successor is derived from it under a key of its own, so that it can be given again without being kept: with the
//! database alone, or with a stolen older token alone, nobody knows it (`docs/adr/0018-tokens-that-are-not-kept.md`).

use connix_domain::api_key::Digest;
use connix_domain::oauth::pkce::{CodeChallenge, CodeVerifier};
use connix_domain::port::oauth::{Opaque, OpaqueCredentials};
use connix_domain::port::secrets::Secret;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::base62;
use crate::base64url;
use crate::keyed_digest::keyed_digest;
use crate::master_key::{MasterKey, Purpose};

/// Opaque credentials under the keys of one master key.
#[derive(Debug)]
pub struct PepperedOpaqueCredentials {
    pepper: SecretBox<[u8; 32]>,
    successors: SecretBox<[u8; 32]>,
    marks: SecretBox<[u8; 32]>,
}

impl PepperedOpaqueCredentials {
    /// The keys are derived from the master key: another master key knows none of the stored digests.
    pub fn new(master: &MasterKey) -> Self {
        let key = |purpose| SecretBox::new(Box::new(master.derive(purpose)));
        Self { pepper: key(Purpose::Credentials), successors: key(Purpose::Successors), marks: key(Purpose::Marks) }
    }

    fn kept(&self, text: String) -> (Secret, Digest) {
        let digest = self.digest(&text);
        (Secret::new(text), digest)
    }

    fn digest(&self, text: &str) -> Digest {
        Digest(keyed_digest(self.pepper.expose_secret(), text.as_bytes()))
    }
}

/// Base62 digits behind the prefix: 190 bits for a code, which is good for a minute, 256 for what lasts.
const fn length(kind: Opaque) -> usize {
    match kind {
        Opaque::Code => 32,
        Opaque::ClientSecret | Opaque::Refresh | Opaque::BrowserSession => 43,
    }
}

impl OpaqueCredentials for PepperedOpaqueCredentials {
    fn mint(&self, kind: Opaque) -> (Secret, Digest) {
        self.kept(format!("{kind}{}", base62::random(length(kind))))
    }

    fn read(&self, kind: Opaque, text: &str) -> Option<Digest> {
        let digits = text.strip_prefix(kind.as_str())?;
        (digits.len() == length(kind) && base62::is_base62(digits)).then(|| self.digest(text))
    }

    fn successor(&self, refresh: &Secret) -> (Secret, Digest) {
        let derived = keyed_digest(self.successors.expose_secret(), refresh.expose().as_bytes());
        self.kept(format!("{}{}", Opaque::Refresh, base62::digits(derived)))
    }

    fn mark(&self, purpose: &str, text: &str) -> Digest {
        let purpose = keyed_digest(self.marks.expose_secret(), purpose.as_bytes());
        Digest(keyed_digest(&purpose, text.as_bytes()))
    }

    fn proves(&self, verifier: &CodeVerifier, challenge: &CodeChallenge) -> bool {
        let computed = base64url::encode(Sha256::digest(verifier.expose()));
        computed.as_bytes().ct_eq(challenge.as_str().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connix_domain::lifecycle::Words;
    use proptest::prelude::*;

    fn credentials(master: u8) -> PepperedOpaqueCredentials {
        PepperedOpaqueCredentials::new(&MasterKey::from_bytes([master; 32]))
    }

    #[test]
    fn a_minted_credential_reads_back_as_its_kind_and_as_no_other() {
        for kind in Opaque::ALL {
            let (text, digest) = credentials(1).mint(*kind);
            for other in Opaque::ALL {
                let expected = (other == kind).then_some(digest);
                assert_eq!(credentials(1).read(*other, text.expose()), expected, "{kind} {other}");
            }
            assert_ne!(credentials(2).read(*kind, text.expose()), Some(digest));
        }
    }

    #[test]
    fn another_form_is_not_looked_up() {
        let (text, _) = credentials(1).mint(Opaque::Code);
        let text = text.expose();
        for bad in [
            "",
            "cxc_",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}0"),
            &format!(" {text}"),
            &text.replace("cxc_", "CXC_"),
            &format!("cxc_{}", "-".repeat(32)),
            &format!("cxc_{}", "é".repeat(16)),
        ] {
            assert_eq!(credentials(1).read(Opaque::Code, bad), None, "{bad}");
        }
    }

    /// The check vector of RFC 7636, appendix B (O26).
    #[test]
    fn the_verifier_of_the_standard_proves_its_challenge() {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(credentials(1).proves(&verifier, &challenge));
        let other = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").unwrap();
        assert!(!credentials(1).proves(&other, &challenge));
        let plain = CodeVerifier::parse(challenge.as_str()).unwrap();
        assert!(!credentials(1).proves(&plain, &challenge), "the challenge itself proves nothing");
    }

    #[test]
    fn a_successor_is_always_the_same_and_hangs_on_the_master_key() {
        let (first, _) = credentials(1).mint(Opaque::Refresh);
        let (second, digest) = credentials(1).successor(&first);
        assert_eq!(credentials(1).successor(&first), (second.clone(), digest));
        assert_eq!(credentials(1).read(Opaque::Refresh, second.expose()), Some(digest));
        assert_ne!(credentials(2).successor(&first).0, second);
        assert_ne!(credentials(1).successor(&second).0, second);
    }

    #[test]
    fn marks_of_different_purposes_differ() {
        assert_ne!(credentials(1).mark("a", "bc"), credentials(1).mark("ab", "c"));
        assert_eq!(credentials(1).mark("a", "bc"), credentials(1).mark("a", "bc"));
        assert_ne!(credentials(1).mark("a", "bc"), credentials(2).mark("a", "bc"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered_without_a_panic(text in "(cx[scre]_)?\\PC{0,60}") {
            for kind in Opaque::ALL {
                credentials(1).read(*kind, &text);
            }
        }
    }
}
