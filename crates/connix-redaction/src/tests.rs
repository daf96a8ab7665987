//! Whatever the value, wherever it stands, however it is cut.

use super::*;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

const SECRET: &str = "s3cr3t/Väl+ue of \"mine\"";

fn redactor() -> Redactor {
    Redactor::new([SECRET, "another-secret"])
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[test]
fn a_value_is_found_in_every_form() {
    for printed in [
        SECRET.to_owned(),
        BASE64_STANDARD.encode(SECRET).trim_end_matches('=').to_owned(),
        BASE64_URL_SAFE_NO_PAD.encode(SECRET),
        hex::encode(SECRET),
        hex::encode_upper(SECRET),
        "s3cr3t%2FV%C3%A4l%2Bue%20of%20%22mine%22".to_owned(),
        "s3cr3t%2fV%c3%a4l%2bue+of+%22mine%22".to_owned(),
        "s3cr3t/Väl+ue of \\\"mine\\\"".to_owned(),
    ] {
        let text = format!("before {printed} after");
        let shown = redactor().text(&text).into_owned();
        assert!(shown.starts_with("before ***") && shown.ends_with(" after"), "{text}: {shown}");
        assert!(shown.len() <= "before *** after".len() + 2, "{text}: {shown}");
    }
}

#[test]
fn a_value_is_found_in_the_base64_of_what_it_stands_in() {
    for before in ["", "a", "ab", "abc", "{\"key\":\""] {
        for after in ["", "\n", "yz", "\"}"] {
            let printed = BASE64_STANDARD.encode(format!("{before}{SECRET}{after}"));
            let shown = redactor().text(&printed).into_owned();
            assert!(shown.contains(MASK), "{before}{after}: {shown}");
            assert!(shown.len() < printed.len() / 2, "{before}{after}: {shown}");
        }
    }
}

#[test]
fn each_line_of_a_value_is_one() {
    let redactor = Redactor::new(["-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nx\n-----END KEY-----\n"]);
    assert_eq!(redactor.text("MIIEvQIBADANBgkqhkiG9w0BAQ"), "***");
    assert_eq!(redactor.text("x"), "x");
}

#[test]
fn short_values_and_other_texts_are_left_as_they_are() {
    let redactor = Redactor::new(["0.8", "3600", "", "1234567"]);
    assert!(redactor.is_empty());
    assert_eq!(redactor.text("0.8 of 3600 is 1234567"), "0.8 of 3600 is 1234567");
    assert_eq!(Redactor::new([SECRET]).text("nothing to see"), "nothing to see");
}

#[test]
fn documents_are_redacted_to_their_last_text() {
    let document = json!({ "a": [1, null, { "b": format!("<{SECRET}>") }], SECRET: true, "n": 1.5 });
    assert_eq!(redactor().document(document), json!({ "a": [1, null, { "b": "<***>" }], "***": true, "n": 1.5 }));
}

#[test]
fn a_value_that_is_called_like_a_key_of_the_journal_leaves_the_key() {
    let redactor = Redactor::new(["arguments", "tool_calls"]);
    let document = json!({ "tool_calls": [{ "arguments": "it is arguments" }] });
    assert_eq!(redactor.document(document), json!({ "tool_calls": [{ "arguments": "it is ***" }] }));
}

/// A key of 3 KB, as it stands in an environment variable.
fn long_value() -> String {
    (0..3000_u32).map(|n| char::from(b'!' + u8::try_from(n * n * 7 % 90).unwrap())).collect()
}

#[test]
fn a_long_value_is_found_whole_and_has_one_mask() {
    let value = long_value();
    let redactor = Redactor::new([value.as_str()]);
    assert_eq!(redactor.text(&format!("<{value}>")), "<***>");
    assert_eq!(redactor.text(&format!("<{}>", hex::encode(&value))), "<***>");
    let encoded = BASE64_STANDARD.encode(&value);
    assert!(redactor.text(&encoded).len() < encoded.len() / 5, "but for what joins the pieces");
}

/// What a model's program prints in large amounts, or a byte at a time, must not cost more than the printing.
#[test]
fn a_stream_is_looked_through_quickly_however_long_the_values_are() {
    let value: Vec<String> =
        long_value().as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line).into()).collect();
    let redactor = Redactor::new([value.join("\n").as_str()]);
    let began = std::time::Instant::now();
    let mut stream = redactor.stream();
    for _ in 0..2000 {
        stream.push(b"x");
    }
    for _ in 0..20 {
        stream.push(&[b'%'; 64 << 10]);
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

/// The limit of an environment, in the characters whose forms are the longest.
#[test]
fn memory_is_bounded_whatever_the_values_are() {
    let value = "\u{1}\u{2}!*'()~ /".repeat((64 << 10) / 10);
    let redactor = Redactor::new([value.as_str()]);
    assert!(redactor.memory_usage() < 16 << 20, "{}", redactor.memory_usage());
    assert_eq!(redactor.text(&format!("<{value}>")), "<***>", "as it is it is known in any case");
    assert!(Redactor::new([SECRET]).memory_usage() > SECRET.len() * 10);
}

#[test]
fn a_value_that_was_cut_off_is_not_shown_in_part() {
    let redactor = redactor();
    let mut stream = redactor.stream();
    assert_eq!(stream.push(b"it is another-sec"), b"it is ");
    assert_eq!(stream.cut_off(), b"***");
}

#[test]
fn nothing_of_a_redactor_is_printed() {
    assert!(!format!("{:?} {:?}", redactor(), redactor().stream()).contains("another"));
}

/// Every offset, over two writes.
#[test]
fn a_value_that_is_split_anywhere_is_found() {
    let redactor = redactor();
    for printed in [SECRET.to_owned(), BASE64_URL_SAFE_NO_PAD.encode(SECRET), percent(SECRET)] {
        let text = format!("its {printed} here");
        for at in 0..=text.len() {
            let mut stream = redactor.stream();
            let shown =
                [stream.push(&text.as_bytes()[..at]), stream.push(&text.as_bytes()[at..]), stream.finish()].concat();
            assert_eq!(String::from_utf8(shown).unwrap(), redactor.text(&text), "{printed} at {at}");
        }
    }
}

proptest! {
    #[test]
    fn chunks_give_what_the_whole_gives(
        values in prop::collection::vec("[ab]{8,12}", 1..4),
        text in "[abc]{0,80}",
        cuts in prop::collection::vec(0_usize..80, 0..6),
    ) {
        let redactor = Redactor::new(values.iter().map(String::as_str));
        let mut cuts: Vec<_> = cuts.into_iter().map(|at| at.min(text.len())).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let mut stream = redactor.stream();
        let mut shown = Vec::new();
        for pair in cuts.windows(2) {
            shown.extend(stream.push(&text.as_bytes()[pair[0]..pair[1]]));
        }
        shown.extend(stream.finish());
        prop_assert_eq!(String::from_utf8(shown).unwrap(), redactor.text(&text).into_owned());
    }

    #[test]
    fn no_value_is_left_in_any_text(value in "[ -~äß]{8,40}", before in ".{0,20}", after in ".{0,20}") {
        let redactor = Redactor::new([value.as_str()]);
        let value = value.trim();
        prop_assume!(value.len() >= SHORTEST && !value.contains(MASK));
        let text = format!("{before}{value}{after}");
        prop_assert!(!redactor.text(&text).contains(value), "{}", redactor.text(&text));
    }
}
