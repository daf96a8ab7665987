//! Key pairs that sign access tokens: made, written down, shown, used. What each algorithm does in its own way stands here.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use connix_domain::oauth::signing_key::SigningAlgorithm;
use jsonwebtoken::{Algorithm, DecodingKey};
use sha2::{Digest, Sha256};

use crate::base64url;

/// An uncompressed point: the byte 4, then both coordinates of 32 bytes each.
const COORDINATE: usize = 32;

/// Both halves of a new key.
pub(crate) struct Halves {
    /// An uncompressed point, or an `RSAPublicKey` of RFC 8017.
    pub(crate) public: Vec<u8>,
    /// PKCS#8.
    pub(crate) private: Vec<u8>,
}

impl Halves {
    /// A pair from the system's random generator.
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Self {
        let made = match algorithm {
            SigningAlgorithm::Es256 => Self::of_curve(),
            SigningAlgorithm::Rs256 => Self::of_rsa(),
        };
        let Some(halves) = made else {
            unreachable!("the generator of the cryptographic library gives keys that can be written down, or aborts")
        };
        halves
    }

    fn of_curve() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        let private = pair.to_pkcs8v1().ok()?.as_ref().to_vec();
        Some(Self { public: pair.public_key().as_ref().to_vec(), private })
    }

    fn of_rsa() -> Option<Self> {
        let pair = rsa::KeyPair::generate(KeySize::Rsa2048).ok()?;
        let private: Pkcs8V1Der<'_> = pair.as_der().ok()?;
        Some(Self { public: pair.public_key().as_ref().to_vec(), private: private.as_ref().to_vec() })
    }
}

/// Signs with a private half; nothing when it is none.
pub(crate) fn sign(algorithm: SigningAlgorithm, private: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let chance = SystemRandom::new();
    match algorithm {
        SigningAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private).ok()?;
            Some(pair.sign(&chance, message).ok()?.as_ref().to_vec())
        }
        SigningAlgorithm::Rs256 => {
            let pair = rsa::KeyPair::from_pkcs8(private).ok()?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &chance, message, &mut signature).ok()?;
            Some(signature)
        }
    }
}

/// What verifies a signature, and the only algorithm that it does so by.
pub(crate) fn verifier(algorithm: SigningAlgorithm, public: &[u8]) -> (Algorithm, DecodingKey) {
    match algorithm {
        SigningAlgorithm::Es256 => (Algorithm::ES256, DecodingKey::from_ec_der(public)),
        SigningAlgorithm::Rs256 => (Algorithm::RS256, DecodingKey::from_rsa_der(public)),
    }
}

/// The members of a public key as JOSE writes it, those and in that order of which a thumbprint is made (RFC 7638 3.2).
pub(crate) fn members(algorithm: SigningAlgorithm, public: &[u8]) -> Vec<(&'static str, String)> {
    match algorithm {
        SigningAlgorithm::Es256 => {
            let (x, y) = public.get(1..).unwrap_or_default().split_at_checked(COORDINATE).unwrap_or_default();
            let [x, y] = [x, y].map(base64url::encode);
            vec![("crv", "P-256".to_owned()), ("kty", "EC".to_owned()), ("x", x), ("y", y)]
        }
        SigningAlgorithm::Rs256 => {
            let number = |of: fn(&rsa::PublicKey) -> Vec<u8>| {
                base64url::encode(rsa::PublicKey::from_der(public).as_ref().map(of).unwrap_or_default())
            };
            let e = number(|key| key.exponent().big_endian_without_leading_zero().to_vec());
            let n = number(|key| key.modulus().big_endian_without_leading_zero().to_vec());
            vec![("e", e), ("kty", "RSA".to_owned()), ("n", n)]
        }
    }
}

/// The SHA-256 thumbprint of a public key (RFC 7638): its members without white space.
pub(crate) fn thumbprint(algorithm: SigningAlgorithm, public: &[u8]) -> String {
    let members = members(algorithm, public);
    let written: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
    thumbprint_of(&format!("{{{}}}", written.join(",")))
}

pub(crate) fn thumbprint_of(members: &str) -> String {
    base64url::encode(Sha256::digest(members))
}
