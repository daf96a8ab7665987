//! Sealing of secrets at rest (`shared/reference/reliability.md` 2.13).
//!
//! A sealed value is a version byte (1), a random 24-byte nonce, and the XChaCha20-Poly1305 ciphertext with its tag. The place the value
//! belongs to (its context) is associated data: a ciphertext copied to another row, column or organisation does not open.

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// Seals and opens with one key.
pub(crate) struct SealingKey(XChaCha20Poly1305);

impl SealingKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// `plaintext` sealed for the place `context` names. Nothing but a plaintext beyond 256 GiB can make it fail.
    pub(crate) fn seal(&self, context: &str, plaintext: &[u8]) -> Option<Vec<u8>> {
        let nonce = XNonce::generate();
        let ciphertext = self.0.encrypt(&nonce, payload(context, plaintext)).ok()?;
        Some([&[VERSION][..], nonce.as_slice(), &ciphertext].concat())
    }

    /// What was sealed for `context`, or nothing when the key or the place is another, or a byte was changed.
    pub(crate) fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (&[VERSION], rest) = sealed.split_first_chunk::<1>()? else { return None };
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        self.0.decrypt(nonce.into(), payload(context, ciphertext)).ok()
    }
}

fn payload<'a>(context: &'a str, message: &'a [u8]) -> Payload<'a, 'a> {
    Payload { msg: message, aad: context.as_bytes() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    fn key() -> SealingKey {
        SealingKey::new(&[7; 32])
    }

    #[test]
    fn the_same_plaintext_never_seals_to_the_same_bytes() {
        assert_ne!(key().seal("place", b"secret"), key().seal("place", b"secret"));
    }

    #[test]
    fn another_key_does_not_open() {
        let sealed = key().seal("place", b"secret").unwrap();
        assert_eq!(SealingKey::new(&[8; 32]).open("place", &sealed), None);
    }

    #[test]
    fn an_unknown_version_and_a_cut_value_do_not_open() {
        let sealed = key().seal("place", b"secret").unwrap();
        let mut next_version = sealed.clone();
        next_version[0] = 2;
        assert_eq!(key().open("place", &next_version), None);
        for length in 0..sealed.len() {
            assert_eq!(key().open("place", &sealed[..length]), None);
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place_and_in_no_other(
            plaintext: Vec<u8>, context in "[a-z/]{1,20}", other in "[a-z/]{1,20}",
        ) {
            prop_assume!(context != other);
            let sealed = key().seal(&context, &plaintext).unwrap();
            prop_assert_eq!(key().open(&context, &sealed), Some(plaintext));
            prop_assert_eq!(key().open(&other, &sealed), None);
        }

        #[test]
        fn any_changed_bit_is_noticed(plaintext: Vec<u8>, position: prop::sample::Index, bit in 0u8..8) {
            let mut sealed = key().seal("place", &plaintext).unwrap();
            let position = position.index(sealed.len());
            sealed[position] ^= 1 << bit;
            prop_assert_eq!(key().open("place", &sealed), None);
        }

        #[test]
        fn any_bytes_are_answered_without_a_panic(sealed: Vec<u8>) {
            prop_assert_eq!(key().open("place", &sealed), None);
        }
    }
}
