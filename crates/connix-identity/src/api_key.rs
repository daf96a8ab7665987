//! The text of an API key (`shared/reference/reliability.md` 2.2).
//!
//! `cx_` + kid (12 base62) + `_` + secret (32 base62, 190 bits) + checksum (6 base62, the CRC-32 of all before it): 54 characters.
//! The kid (key id) is public: it finds the stored digest, and names the key in lists and logs.

use crate::base62;

const PREFIX: &str = "cx_";
const KID_LENGTH: usize = 12;
const SECRET_LENGTH: usize = 32;
const CHECKSUM_LENGTH: usize = 6;

/// A new key: its kid and its text.
pub(crate) fn generate() -> (String, String) {
    let kid = base62::random(KID_LENGTH);
    let body = format!("{PREFIX}{kid}_{}", base62::random(SECRET_LENGTH));
    let text = format!("{body}{}", base62::checksum(&body));
    (kid, text)
}

/// The kid inside `text`, or nothing when `text` is not the text of a key: wrong form or wrong checksum.
pub(crate) fn kid(text: &str) -> Option<&str> {
    let (kid, tail) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let well_formed = kid.len() == KID_LENGTH
        && tail.len() == SECRET_LENGTH + CHECKSUM_LENGTH
        && base62::is_base62(kid)
        && base62::is_base62(tail);
    if !well_formed {
        return None;
    }
    let (body, checksum) = text.split_at(text.len() - CHECKSUM_LENGTH);
    (base62::checksum(body) == checksum).then_some(kid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Check vector K18 of `reliability.md`.
    const VECTOR: &str = "cx_0123456789AB_abcdefghijklmnopqrstuvwxyz0123452BwCOv";

    #[test]
    fn the_check_vector_parses_and_its_neighbour_does_not() {
        assert_eq!(kid(VECTOR), Some("0123456789AB"));
        assert_eq!(kid("cx_0123456789AB_abcdefghijklmnopqrstuvwxyz0123452BwCOw"), None);
    }

    #[test]
    fn a_generated_key_has_54_characters_and_parses() {
        let (made, text) = generate();
        assert_eq!(text.len(), 54);
        assert_eq!(kid(&text), Some(made.as_str()));
    }

    #[test]
    fn the_documentation_s_placeholder_is_no_key() {
        assert_eq!(kid("cx_your_api_key_here"), None);
    }

    #[test]
    fn every_single_changed_character_is_noticed() {
        for position in 0..VECTOR.len() {
            for replacement in (0x21..0x7f).map(char::from) {
                let mut text: Vec<char> = VECTOR.chars().collect();
                if text[position] == replacement {
                    continue;
                }
                text[position] = replacement;
                let text: String = text.into_iter().collect();
                assert_eq!(kid(&text), None, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_surrounds_a_key_is_noticed(before in "[ -~]{0,4}", after in "[ -~]{0,4}") {
            prop_assume!(!(before.is_empty() && after.is_empty()));
            let text = format!("{before}{VECTOR}{after}");
            prop_assert_eq!(kid(&text), None);
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text in "\\PC{0,80}") {
            kid(&text);
        }

        #[test]
        fn text_of_the_right_length_with_wide_characters_is_answered_without_a_panic(
            public in "[0-9Aé]{12}", tail in "[0-9zü]{38}",
        ) {
            kid(&format!("cx_{public}_{tail}"));
        }

        #[test]
        fn two_swapped_characters_are_noticed(first in 3usize..54, second in 3usize..54) {
            let mut bytes = VECTOR.as_bytes().to_vec();
            prop_assume!(bytes[first] != bytes[second]);
            bytes.swap(first, second);
            let text = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(kid(&text), None);
        }
    }
}
