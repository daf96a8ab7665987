//! The forms in which a value is printed by those who do not mean to print it.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// A kind of forms.
type Kind = fn(&str) -> Vec<Vec<u8>>;

/// All kinds, the usual ones first.
pub(crate) const KINDS: &[Kind] = &[as_it_is, quoted, base64, hexadecimal, percent];

fn as_it_is(value: &str) -> Vec<Vec<u8>> {
    vec![value.as_bytes().to_vec()]
}

fn quoted(value: &str) -> Vec<Vec<u8>> {
    vec![serde_json::Value::from(value).to_string().trim_matches('"').as_bytes().to_vec()]
}

fn base64(value: &str) -> Vec<Vec<u8>> {
    let at = |alphabet| (0..3).map(move |offset| base64_at(value.as_bytes(), offset, alphabet));
    [&STANDARD, &URL_SAFE].into_iter().flat_map(at).collect()
}

fn hexadecimal(value: &str) -> Vec<Vec<u8>> {
    vec![hex::encode(value).into_bytes(), hex::encode_upper(value).into_bytes()]
}

fn percent(value: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for space in ["%20", "+"] {
        for unreserved in ["-._~", "-._*", "-._~/", "-_.!~*'()"] {
            let upper = percent_encoded(value.as_bytes(), unreserved, space, false);
            forms.extend([upper, percent_encoded(value.as_bytes(), unreserved, space, true)]);
        }
    }
    forms
}

/// As URLs and forms have it. `unreserved` are the marks that stay, beside letters and digits; encoders differ in them.
fn percent_encoded(bytes: &[u8], unreserved: &str, space: &str, lower: bool) -> Vec<u8> {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        match *byte {
            b' ' => text.push_str(space),
            byte if byte.is_ascii_alphanumeric() || unreserved.as_bytes().contains(&byte) => text.push(byte.into()),
            byte if lower => text.push_str(&format!("%{byte:02x}")),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text.into_bytes()
}

/// What base64 makes of the value when `offset` bytes of something else stand before it (modulo 3): without the characters at its
/// ends, which depend on its neighbours.
fn base64_at(bytes: &[u8], offset: usize, alphabet: &Alphabet) -> Vec<u8> {
    let padded = [&vec![0; offset], bytes].concat();
    let encoded = GeneralPurpose::new(alphabet, NO_PAD).encode(&padded);
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}
