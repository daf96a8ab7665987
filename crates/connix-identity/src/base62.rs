//! Base62 text: the alphabet of every credential Connix hands out.
//!
//! No character of it ends a word, so a double click selects a whole credential, and none needs escaping in a URL, a header or a shell.

use rand::distr::{Alphanumeric, SampleString};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

/// Digits, upper case, lower case.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` characters from the operating system's generator: 5.95 bits each.
pub(crate) fn random(length: usize) -> String {
    Alphanumeric.sample_string(&mut UnwrapErr(SysRng), length)
}

/// Whether every character of `text` is a base62 digit.
pub(crate) fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The CRC-32 of `text` as six base62 digits, zero padded: the checksum at the end of an API key.
///
/// It is no security. It refuses a mistyped, cut or made-up key without asking the store, and keeps secret scanners free of false hits.
pub(crate) fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_text_has_the_length_asked_for_and_only_base62_digits() {
        let text = random(4000);
        assert_eq!(text.len(), 4000);
        assert!(is_base62(&text));
        for digit in DIGITS {
            assert!(text.contains(char::from(*digit)), "4000 draws without {}", char::from(*digit));
        }
    }

    #[test]
    fn a_checksum_is_padded_with_zeros() {
        // CRC-32 of the empty text is 0.
        assert_eq!(checksum(""), "000000");
        assert_eq!(checksum("cx_0123456789AB_abcdefghijklmnopqrstuvwxyz012345"), "2BwCOv");
    }
}
