//! Sealing of secrets at rest (`shared/reference/reliability.md` 2.13).
//!
//! A sealed value is a version byte (1), a random 24-byte nonce, and the XChaCha20-Poly1305 ciphertext with its tag. The place the value
//! belongs to (its context) is associated data: a ciphertext copied to another row, column or organisation does not open.

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use connix_domain::port::secrets::{CannotOpen, Sealed, Sealer};
use std::fmt;

use crate::master_key::{MasterKey, Purpose};

const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// The domain's `Sealer` under the sealing key of one master key.
pub struct MasterSealer(XChaCha20Poly1305);

impl MasterSealer {
    /// The sealing key is derived from the master key: what one master key sealed, no other opens.
    pub fn new(master: &MasterKey) -> Self {
        Self(XChaCha20Poly1305::new(&master.derive(Purpose::Sealing).into()))
    }
}

impl fmt::Debug for MasterSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSealer(…)")
    }
}

impl Sealer for MasterSealer {
    fn seal(&self, context: &str, plain: &[u8]) -> Sealed {
        let nonce = XNonce::generate();
        match self.0.encrypt(&nonce, payload(context, plain)) {
            Ok(ciphertext) => Sealed([&[VERSION], nonce.as_slice(), &ciphertext].concat()),
            Err(_) => unreachable!("XChaCha20-Poly1305 refuses only what is longer than 256 GiB"),
        }
    }

    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, CannotOpen> {
        let Some((&[VERSION], rest)) = sealed.0.split_first_chunk() else { return Err(CannotOpen) };
        let Some((nonce, ciphertext)) = rest.split_first_chunk::<NONCE_LENGTH>() else { return Err(CannotOpen) };
        self.0.decrypt(nonce.into(), payload(context, ciphertext)).map_err(|_| CannotOpen)
    }
}

fn payload<'a>(context: &'a str, message: &'a [u8]) -> Payload<'a, 'a> {
    Payload { msg: message, aad: context.as_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(master: u8) -> MasterSealer {
        MasterSealer::new(&MasterKey::from_bytes([master; 32]))
    }

    #[test]
    fn the_same_plaintext_never_seals_to_the_same_bytes() {
        assert_ne!(sealer(1).seal("place", b"secret"), sealer(1).seal("place", b"secret"));
    }

    #[test]
    fn another_master_key_does_not_open() {
        let sealed = sealer(1).seal("place", b"secret");
        assert_eq!(sealer(2).open("place", &sealed), Err(CannotOpen));
    }

    #[test]
    fn an_unknown_version_and_a_cut_value_do_not_open() {
        let sealed = sealer(1).seal("place", b"secret");
        let mut next_version = sealed.clone();
        next_version.0[0] = 2;
        assert_eq!(sealer(1).open("place", &next_version), Err(CannotOpen));
        for length in 0..sealed.0.len() {
            assert_eq!(sealer(1).open("place", &Sealed(sealed.0[..length].to_vec())), Err(CannotOpen));
        }
    }

    #[test]
    fn what_an_earlier_version_sealed_still_opens() {
        // Made with another implementation: HChaCha20 by hand over OpenSSL's ChaCha20-Poly1305.
        let stored = hex::decode(concat!(
            "01000102030405060708090a0b0c0d0e0f1011121314151617",
            "9b9426799f37a58d5fed375f3e556a9d5bee130eed81"
        ))
        .unwrap();
        assert_eq!(sealer(1).open("place", &Sealed(stored)), Ok(b"secret".to_vec()));
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_place_and_in_no_other(
            plain: Vec<u8>, context in "[a-z/]{1,20}", other in "[a-z/]{1,20}",
        ) {
            prop_assume!(context != other);
            let sealed = sealer(1).seal(&context, &plain);
            prop_assert_eq!(sealer(1).open(&context, &sealed), Ok(plain));
            prop_assert_eq!(sealer(1).open(&other, &sealed), Err(CannotOpen));
        }

        #[test]
        fn any_changed_bit_is_noticed(plain: Vec<u8>, position: prop::sample::Index, bit in 0u8..8) {
            let mut sealed = sealer(1).seal("place", &plain);
            let position = position.index(sealed.0.len());
            sealed.0[position] ^= 1 << bit;
            prop_assert_eq!(sealer(1).open("place", &sealed), Err(CannotOpen));
        }

        #[test]
        fn any_bytes_are_answered_without_a_panic(bytes: Vec<u8>) {
            prop_assert_eq!(sealer(1).open("place", &Sealed(bytes)), Err(CannotOpen));
        }
    }
}
