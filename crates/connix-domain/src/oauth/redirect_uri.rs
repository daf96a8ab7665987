//! Where an answer may be sent: registered once, compared byte for byte ever after (RFC 9700 2.1).

use std::fmt;

/// A redirect URI of a client: `https://…`, or one of the two loopback forms of a program on the user's own machine
/// (RFC 8252 7.3). No wildcard, no fragment, no user, no host in another than its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedirectUri(String);

/// Why a redirect URI is not registered; for the one who registers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriIssue {
    /// Over 1024 bytes.
    #[error("must have at most 1024 characters")]
    TooLong,
    /// A character that a URI does not have, or half a percent encoding.
    #[error("contains characters that must be percent-encoded")]
    Characters,
    /// Neither `https` nor a loopback form.
    #[error("must start with https://, http://127.0.0.1 or http://[::1]")]
    Scheme,
    /// `user@host`.
    #[error("must not contain a user")]
    User,
    /// A part behind `#`.
    #[error("must not contain a fragment")]
    Fragment,
    /// A host or port in another than its canonical form, a wildcard, `localhost`.
    #[error("must name one host in its canonical form, without wildcard and without the default port")]
    Host,
    /// No path, or one with dot segments.
    #[error("must have a path without . and .. segments")]
    Path,
}

/// The forms a client's own machine is called by. `localhost` is not one of them: it may resolve elsewhere.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "[::1]"];

impl RedirectUri {
    const LONGEST: usize = 1024;

    /// Reads a URI to be registered.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, RedirectUriIssue> {
        if text.len() > Self::LONGEST {
            return Err(RedirectUriIssue::TooLong);
        }
        let parts = Parts::of(text).ok_or(RedirectUriIssue::Scheme)?;
        if !is_of_uri_characters(text) {
            return Err(RedirectUriIssue::Characters);
        }
        if text.contains('#') {
            return Err(RedirectUriIssue::Fragment);
        }
        if parts.authority.contains('@') {
            return Err(RedirectUriIssue::User);
        }
        let (host, port) = parts.host_and_port().ok_or(RedirectUriIssue::Host)?;
        let loopback = LOOPBACK.contains(&host);
        if parts.secure == loopback {
            // https to a loopback address has no certificate, and http to any other host no secrecy
            return Err(RedirectUriIssue::Scheme);
        }
        let default_port = if parts.secure { "443" } else { "80" };
        if !(loopback || is_canonical_host(host)) || port == Some(default_port) {
            return Err(RedirectUriIssue::Host);
        }
        if !is_plain_path(parts.path()) {
            return Err(RedirectUriIssue::Path);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `sent` is this URI: byte for byte, but for the port of a loopback address, which a program cannot choose
    /// beforehand.
    pub fn accepts(&self, sent: &str) -> bool {
        if sent == self.0 {
            return true;
        }
        let Some((registered, other)) = Parts::of(&self.0).zip(Parts::of(sent)) else { return false };
        let Some(((host, _), (other_host, port))) = registered.host_and_port().zip(other.host_and_port()) else {
            return false;
        };
        !registered.secure
            && !other.secure
            && LOOPBACK.contains(&host)
            && host == other_host
            && port.is_some()
            && registered.rest == other.rest
    }

    /// Scheme, host and port, as a browser's `Origin` has them.
    pub fn origin(&self) -> &str {
        origin(&self.0)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scheme, host and port of a URI that a registered one accepts.
pub fn origin(uri: &str) -> &str {
    let behind_scheme = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[behind_scheme..].find(['/', '?', '#']).map_or(uri.len(), |at| behind_scheme + at);
    &uri[..end]
}

/// `uri` with parameters added to its query, percent-encoded, in their order.
pub fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> String {
    let mut whole = uri.to_owned();
    for (name, value) in parameters {
        let joint = match (whole.contains('?'), whole.ends_with(['?', '&'])) {
            (false, _) => "?",
            (true, false) => "&",
            (true, true) => "",
        };
        whole.push_str(joint);
        whole.push_str(name);
        whole.push('=');
        percent_encode(value, &mut whole);
    }
    whole
}

fn percent_encode(value: &str, into: &mut String) {
    use fmt::Write;
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// A URI cut at its joints.
struct Parts<'u> {
    secure: bool,
    authority: &'u str,
    /// Path and query.
    rest: &'u str,
}

impl<'u> Parts<'u> {
    fn of(text: &'u str) -> Option<Self> {
        let (secure, behind) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(behind), _) => (true, behind),
            (None, Some(behind)) => (false, behind),
            (None, None) => return None,
        };
        let end = behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at(end);
        Some(Self { secure, authority, rest })
    }

    /// Host and port; nothing when the port is not a number in its shortest form.
    fn host_and_port(&self) -> Option<(&'u str, Option<&'u str>)> {
        let host_end = if self.authority.starts_with('[') {
            self.authority.find(']')? + 1
        } else {
            self.authority.find(':').unwrap_or(self.authority.len())
        };
        let (host, port) = self.authority.split_at(host_end);
        if port.is_empty() {
            return Some((host, None));
        }
        let port = port.strip_prefix(':')?;
        let number: u16 = port.parse().ok()?;
        (number > 0 && number.to_string() == port).then_some((host, Some(port)))
    }

    fn path(&self) -> &'u str {
        self.rest.split('?').next().unwrap_or_default()
    }
}

/// Only characters of RFC 3986, each `%` with its two digits, and nothing encoded that needs no encoding.
fn is_of_uri_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    bytes.iter().enumerate().all(|(at, &byte)| allowed(byte) && (byte != b'%' || (hex(at + 1) && hex(at + 2))))
}

/// A name of lower-case labels with a dot in it, or four decimal numbers in their shortest form.
fn is_canonical_host(host: &str) -> bool {
    let labels: Vec<_> = host.split('.').collect();
    let label = |text: &&str| {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (1..=63).contains(&text.len()) && plain && !text.starts_with('-') && !text.ends_with('-')
    };
    let numeric = labels.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    let octet = |text: &&str| text.parse::<u8>().is_ok_and(|octet| octet.to_string() == **text);
    let address = labels.len() == 4 && labels.iter().all(octet);
    host.len() <= 253 && labels.len() > 1 && labels.iter().all(label) && (!numeric || address)
}

fn is_plain_path(path: &str) -> bool {
    let dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    path.starts_with('/') && !path.contains('*') && !path.split('/').any(dots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn registered(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn secure_and_loopback_uris_are_registered() {
        for good in [
            "https://app.example/cb",
            "https://app.example:8443/a/b?tenant=1&x=%20",
            "https://192.0.2.7/cb",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:8000/cb",
            "http://[::1]/cb",
        ] {
            assert_eq!(RedirectUri::parse(good).map(|uri| uri.0).as_deref(), Ok(good));
        }
    }

    /// O05 of `reliability.md`, and neighbours.
    #[test]
    fn whatever_could_lead_elsewhere_is_not_registered() {
        use RedirectUriIssue::{Characters, Fragment, Host, Path, Scheme, TooLong, User};
        for (bad, issue) in [
            ("https://*.app.example/cb", Host),
            ("https://app.example*", Host),
            ("https://app.example*/cb", Host),
            ("https://app.example/*", Path),
            ("javascript:alert(1)", Scheme),
            ("app://cb", Scheme),
            ("HTTPS://app.example/cb", Scheme),
            ("http://app.example/cb", Scheme),
            ("http://app.example", Scheme),
            ("https://127.0.0.1/cb", Scheme),
            ("http://localhost/cb", Scheme),
            ("https://localhost/cb", Host),
            ("https://app.example/cb#f", Fragment),
            ("https://user@app.example/cb", User),
            ("https://user:pw@app.example/cb", User),
            ("https://APP.example/cb", Host),
            ("https://app.example:443/cb", Host),
            ("https://app.example:0443/cb", Host),
            ("https://app.example:/cb", Host),
            ("https://app.example:65536/cb", Host),
            ("http://127.0.0.1:80/cb", Host),
            ("https://127.1/cb", Host),
            ("https://0x7f.0.0.1/cb", Host),
            ("https://app.example./cb", Host),
            ("https://-app.example/cb", Host),
            ("https:///cb", Host),
            ("https://app.example", Path),
            ("https://app.example?x", Path),
            ("https://app.example/a/../cb", Path),
            ("https://app.example/a/%2E%2e/cb", Path),
            ("https://app.example/c b", Characters),
            ("https://app.example/cb\t", Characters),
            ("https://app.example\\@evil/cb", Characters),
            ("https://app.example/%zz", Characters),
            ("https://äpp.example/cb", Characters),
            ("", Scheme),
        ] {
            assert_eq!(RedirectUri::parse(bad), Err(issue), "{bad}");
        }
        assert_eq!(RedirectUri::parse(&format!("https://app.example/{}", "x".repeat(1024))), Err(TooLong));
    }

    /// O03.
    #[test]
    fn only_the_same_bytes_are_accepted() {
        let uri = registered("https://app.example/cb");
        assert!(uri.accepts("https://app.example/cb"));
        for other in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://app.example/cb?x=1",
            "https://app.example/cb#f",
            "https://app.example/x/../cb",
            "https://app.example/%63b",
            "https://app.example:443/cb",
            "https://APP.example/cb",
            "http://app.example/cb",
            "https://app.example.evil/cb",
            "https://app.example@evil/cb",
            "https://evil\\@app.example/cb",
            "https://app.example/cb\t",
            "",
        ] {
            assert!(!uri.accepts(other), "{other}");
        }
    }

    /// O04.
    #[test]
    fn a_loopback_uri_is_accepted_with_any_port_and_nothing_else_changed() {
        let uri = registered("http://127.0.0.1/cb");
        for good in ["http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"] {
            assert!(uri.accepts(good), "{good}");
        }
        for bad in [
            "http://localhost:51004/cb",
            "http://127.0.0.1.evil/cb",
            "http://127.1:51004/cb",
            "https://127.0.0.1/cb",
            "https://127.0.0.1:51004/cb",
            "http://127.0.0.1:51004/cb2",
            "http://127.0.0.1:51004/cb?x",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:1@evil/cb",
            "http://[::1]:51004/cb",
        ] {
            assert!(!uri.accepts(bad), "{bad}");
        }
        assert!(registered("http://[::1]/cb").accepts("http://[::1]:51004/cb"));
        assert!(registered("http://127.0.0.1:8000/cb").accepts("http://127.0.0.1:9000/cb"));
        assert!(!registered("https://app.example:8443/cb").accepts("https://app.example:9443/cb"));
    }

    #[test]
    fn parameters_are_added_behind_those_that_are_there() {
        let state = [("code", "cxc_1"), ("state", "a b&c=\"><script>ü")];
        let encoded = "code=cxc_1&state=a%20b%26c%3D%22%3E%3Cscript%3E%C3%BC";
        assert_eq!(with_parameters("https://a.example/cb", &state), format!("https://a.example/cb?{encoded}"));
        assert_eq!(with_parameters("https://a.example/cb?x=1", &state), format!("https://a.example/cb?x=1&{encoded}"));
        assert_eq!(with_parameters("https://a.example/cb?", &state), format!("https://a.example/cb?{encoded}"));
    }

    #[test]
    fn an_origin_is_what_a_browser_calls_it() {
        assert_eq!(registered("https://app.example:8443/cb?x").origin(), "https://app.example:8443");
        assert_eq!(registered("http://[::1]/cb").origin(), "http://[::1]");
        assert_eq!(origin("http://127.0.0.1:51004/cb"), "http://127.0.0.1:51004");
    }

    proptest! {
        #[test]
        fn nothing_but_itself_is_accepted_by_a_secure_uri(sent in "(https?://)?[a-z.@:\\\\/?#%]{0,30}") {
            let uri = registered("https://a.b/c");
            prop_assert_eq!(uri.accepts(&sent), sent == "https://a.b/c");
        }
        #[test]
        fn no_text_makes_parsing_or_comparing_panic(text in "(https?://)?\\PC{0,40}") {
            let _ = RedirectUri::parse(&text);
            let _ = registered("http://127.0.0.1/cb").accepts(&text);
            let _ = origin(&text);
        }
        #[test]
        fn what_is_registered_accepts_itself(text in "https://[a-z]{1,5}\\.[a-z]{2,5}(:[1-9][0-9]{1,3})?/[a-z/]{0,9}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                prop_assert!(uri.accepts(&text));
            }
        }
    }
}
