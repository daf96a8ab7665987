//! The domain's `Passwords` port: argon2id with OWASP's parameters (`shared/reference/reliability.md` 2.5).
//!
//! A password is compared in Unicode's NFKC form, so that it does not matter which keyboard wrote it.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use connix_domain::port::oauth::{PasswordCheck, PasswordIssue, Passwords};
use connix_domain::port::secrets::Secret;
use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// How many characters a password has.
const LENGTH: RangeInclusive<usize> = 12..=128;
/// NFKC makes one character at most 18; what is longer than this cannot become short enough, and is not even read.
const LONGEST_RAW: usize = 4 * 128;

/// Passwords of 12 characters and more that are tried first, one a line.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Hashes with argon2id.
pub struct Argon2Passwords {
    argon2: Argon2<'static>,
    /// What the password of nobody is compared with, at the same cost as anybody's.
    nobody: String,
}

impl Argon2Passwords {
    /// With today's cost.
    pub fn new() -> Self {
        let (memory, passes, lanes) = COST;
        let Ok(params) = Params::new(memory, passes, lanes, None) else {
            unreachable!("the cost is within argon2's bounds")
        };
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hashed(&argon2, "the password of nobody");
        Self { argon2, nobody }
    }
}

impl Default for Argon2Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Argon2Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Argon2Passwords")
    }
}

fn hashed(argon2: &Argon2<'_>, password: &str) -> String {
    match argon2.hash_password(password.as_bytes()) {
        Ok(hash) => hash.to_string(),
        Err(error) => unreachable!("argon2 hashes whatever is within its bounds: {error}"),
    }
}

/// A password in the form in which it is compared.
fn normalized(password: &Secret) -> Result<String, PasswordIssue> {
    let raw = password.expose();
    if raw.chars().nth(LONGEST_RAW).is_some() {
        return Err(PasswordIssue::TooLong);
    }
    let text: String = raw.nfkc().collect();
    let length = text.chars().count();
    if length < *LENGTH.start() {
        Err(PasswordIssue::TooShort)
    } else if length > *LENGTH.end() {
        Err(PasswordIssue::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(PasswordIssue::ControlCharacters)
    } else {
        Ok(text)
    }
}

impl Passwords for Argon2Passwords {
    fn hash(&self, password: &Secret) -> Result<String, PasswordIssue> {
        let password = normalized(password)?;
        if COMMON.contains(password.to_lowercase().as_str()) {
            return Err(PasswordIssue::Common);
        }
        Ok(hashed(&self.argon2, &password))
    }

    fn check(&self, password: &Secret, kept: Option<&str>) -> PasswordCheck {
        // one that breaks a rule was never set, and still costs what any other does
        let (password, possible) = normalized(password).map_or((String::new(), false), |text| (text, true));
        let hash = kept.and_then(|kept| PasswordHash::new(kept).ok());
        let Some(hash) = hash.or_else(|| PasswordHash::new(&self.nobody).ok()) else { return PasswordCheck::Wrong };
        let same = self.argon2.verify_password(password.as_bytes(), &hash).is_ok();
        match (same && possible && kept.is_some(), Params::try_from(&hash)) {
            (false, _) => PasswordCheck::Wrong,
            (true, Ok(params)) if (params.m_cost(), params.t_cost(), params.p_cost()) == COST => PasswordCheck::Right,
            (true, _) => PasswordCheck::RightButOutdated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "correct horse battery";

    fn hash(password: &str) -> Result<String, PasswordIssue> {
        Argon2Passwords::new().hash(&Secret::new(password))
    }

    fn check(password: &str, kept: Option<&str>) -> PasswordCheck {
        Argon2Passwords::new().check(&Secret::new(password), kept)
    }

    #[test]
    fn a_password_is_kept_as_argon2id_with_the_documented_cost_and_found_again() {
        let kept = hash(GOOD).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(hash(GOOD).unwrap(), kept, "two hashes have two salts");
        assert_eq!(check(GOOD, Some(&kept)), PasswordCheck::Right);
        assert_eq!(check("correct horse batterx", Some(&kept)), PasswordCheck::Wrong);
    }

    #[test]
    fn the_same_characters_written_otherwise_are_the_same_password() {
        let kept = hash("Ａngström-\u{212b}ngström").unwrap();
        assert_eq!(check("Angstro\u{308}m-\u{c5}ngstr\u{f6}m", Some(&kept)), PasswordCheck::Right);
    }

    #[test]
    fn rules_are_length_and_not_being_common() {
        assert_eq!(hash("elevenchars"), Err(PasswordIssue::TooShort));
        assert_eq!(hash(&"ü".repeat(129)), Err(PasswordIssue::TooLong));
        assert_eq!(hash(&"x".repeat(1 << 20)), Err(PasswordIssue::TooLong));
        assert_eq!(hash("nul\0 in the middle"), Err(PasswordIssue::ControlCharacters));
        assert_eq!(hash("Password1234"), Err(PasswordIssue::Common));
        assert!(hash(&"ü".repeat(128)).is_ok());
        assert!(hash("alllowercaseandlong").is_ok(), "no rule about kinds of characters");
    }

    #[test]
    fn the_list_of_common_passwords_holds_only_what_could_be_set() {
        for common in COMMON.iter() {
            assert_eq!(normalized(&Secret::new(*common)).as_deref(), Ok(*common));
            assert_eq!(common.to_lowercase(), *common);
        }
        assert!(COMMON.len() > 100);
    }

    #[test]
    fn nobody_s_password_is_never_right() {
        for password in ["the password of nobody", GOOD, "", "short"] {
            assert_eq!(check(password, None), PasswordCheck::Wrong);
        }
        assert_eq!(check(GOOD, Some("not a hash")), PasswordCheck::Wrong);
    }

    /// L01.
    #[test]
    fn comparing_with_nobody_s_password_costs_what_comparing_with_anybody_s_does() {
        let nobody = Argon2Passwords::new().nobody;
        let hash = PasswordHash::new(&nobody).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!(hash.algorithm.as_str(), "argon2id");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), COST);
    }

    #[test]
    fn what_was_kept_at_a_lower_cost_is_told_to_be_outdated() {
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
        assert_eq!(check(GOOD, Some(&hashed(&cheap, GOOD))), PasswordCheck::RightButOutdated);
    }
}
