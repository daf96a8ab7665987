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

/// 256 bits as 43 base62 digits, the most significant first.
pub(crate) fn digits(mut number: [u8; 32]) -> String {
    let mut digits = [b'0'; 43];
    for digit in digits.iter_mut().rev() {
        // one step of a long division by 62: the quotient stays in `number`
        let rest = number.iter_mut().fold(0u32, |rest, byte| {
            let value = (rest << 8) | u32::from(*byte);
            *byte = (value / 62) as u8;
            value % 62
        });
        *digit = DIGITS[rest as usize];
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
    fn a_number_is_written_in_base_62() {
        let number = |low: u8, high: u8| {
            let mut bytes = [0; 32];
            (bytes[31], bytes[30]) = (low, high);
            digits(bytes)
        };
        assert_eq!(number(0, 0), "0".repeat(43));
        assert_eq!(number(61, 0), format!("{}z", "0".repeat(42)));
        assert_eq!(number(62, 0), format!("{}10", "0".repeat(41)));
        assert_eq!(number(255, 255), format!("{}H31", "0".repeat(40))); // 17 * 62^2 + 3 * 62 + 1
        let largest = digits([255; 32]);
        assert!(largest.len() == 43 && is_base62(&largest) && !largest.starts_with('0'), "{largest}");
    }

    #[test]
    fn a_checksum_is_padded_with_zeros() {
        // CRC-32 of the empty text is 0.
        assert_eq!(checksum(""), "000000");
        assert_eq!(checksum("cx_0123456789AB_abcdefghijklmnopqrstuvwxyz012345"), "2BwCOv");
    }
}
