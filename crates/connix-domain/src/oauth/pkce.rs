//! Proof Key for Code Exchange with S256 (RFC 7636): the forms. Whether a verifier proves a challenge is told by
//! [`AccessTokens::proves`](crate::port::oauth::OpaqueCredentials::proves).

/// What an application shows first: the SHA-256 of its verifier, 43 base64url characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads a challenge.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        (text.len() == 43 && plain).then(|| Self(text.to_owned()))
    }
    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What it shows when it redeems the code: 43 to 128 unreserved characters.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeVerifier(String);

impl CodeVerifier {
    /// Reads a verifier.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
        ((43..=128).contains(&text.len()) && plain).then(|| Self(text.to_owned()))
    }
    /// Its characters, to be hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O08 and O26.
    #[test]
    fn a_challenge_has_43_characters_of_base64url() {
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(CodeChallenge::parse(good).unwrap().as_str(), good);
        for bad in [&good[1..], &format!("{good}a"), &good.replace('-', "+"), &good.replace('-', "="), ""] {
            assert_eq!(CodeChallenge::parse(bad), None, "{bad}");
        }
    }

    /// O24.
    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters_and_is_not_printed() {
        for good in ["a".repeat(43), "~._-9Z".repeat(20), "a".repeat(128)] {
            assert!(CodeVerifier::parse(&good).is_some(), "{good}");
        }
        for bad in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43)), "ä".repeat(43), String::new()] {
            assert!(CodeVerifier::parse(&bad).is_none(), "{bad}");
        }
        assert!(!format!("{:?}", CodeVerifier::parse(&"q".repeat(43))).contains('q'));
    }
}
