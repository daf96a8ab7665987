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
mod tests;
