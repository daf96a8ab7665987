//! What somebody shows who guesses API keys: well-formed texts (`reliability.md` 2.2) that are nobody's.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET: &str = "abcdefghijklmnopqrstuvwxyz012345";

/// A key's own name with a wrong secret.
pub fn wrong_secret_of(key: &str) -> String {
    with_checksum(format!("{}_{SECRET}", &key[..15]))
}

/// A name that no key has.
pub fn key_of_nobody() -> String {
    with_checksum(format!("cx_0123456789AB_{SECRET}"))
}

/// CRC-32 of all before it as six base62 digits.
fn with_checksum(mut text: String) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    text.extend(digits.map(char::from));
    text
}
