//! Reading what the server tells the worker it has started.

use std::io::{BufRead, Read};

use connix_worker_protocol::handshake::LaunchHandshake;

/// Longest line that is read.
const MOST_BYTES: u64 = 64 << 10;

/// Reads the one line.
///
/// # Errors
/// In words, which never quote the line: it holds the token.
pub(super) fn read(input: &mut impl BufRead) -> Result<LaunchHandshake, String> {
    let mut line = String::new();
    input.by_ref().take(MOST_BYTES).read_line(&mut line).map_err(|error| error.to_string())?;
    if line.is_empty() {
        return Err("standard input ended before the first line".to_owned());
    }
    serde_json::from_str(&line)
        .map_err(|error| format!("not a handshake: {:?} error at column {}", error.classify(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_read_and_what_follows_is_left() {
        let line = r#"{"server_url":"http://s","token":"cxw_1","lock_path":"/l","workspace":"/w","newer":true}"#;
        let mut input = std::io::Cursor::new(format!("{line}\nrest"));
        assert_eq!(read(&mut input).unwrap().server_url, "http://s");
        let mut rest = String::new();
        input.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "rest");
    }

    #[test]
    fn a_bad_line_is_refused_without_being_quoted() {
        for line in ["", r#"{"token":"cxw_sensitive"}"#, r#"{"server_url":1,"token":"cxw_sensitive"}"#, "cxw_sensitive"]
        {
            let cause = read(&mut line.as_bytes()).unwrap_err();
            assert!(!cause.contains("sensitive"), "{cause}");
        }
    }
}
