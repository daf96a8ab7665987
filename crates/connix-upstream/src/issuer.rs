//! The issuer identifier of a provider, exactly as the provider writes it (OpenID Connect Discovery 4).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// An issuer: `https`, or `http` on this host; no user, query or fragment. It keeps its last slash if it has one: it is compared
/// byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

/// A text that is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "expected https:// (http:// on this host alone), a host and perhaps a path, as the provider's metadata have it"
)]
pub struct NoIssuer;

impl Issuer {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its metadata are.
    pub(crate) fn metadata(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.0.trim_end_matches('/'))
    }

    /// Whether it is reached without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// An endpoint that its metadata name: by https, or, if it is on this host itself, also there.
    pub(crate) fn endpoint(&self, text: &str) -> Option<Url> {
        let url = Url::parse(text).ok()?;
        let reached = url.scheme() == "https" || (self.is_plain() && is_on_this_host(&url));
        (reached && url.fragment().is_none()).then_some(url)
    }
}

impl FromStr for Issuer {
    type Err = NoIssuer;

    fn from_str(text: &str) -> Result<Self, NoIssuer> {
        let url = Url::parse(text).map_err(|_| NoIssuer)?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        let reached = (text.starts_with("https://") && url.has_host()) || is_on_this_host(&url);
        if plain && reached { Ok(Self(text.to_owned())) } else { Err(NoIssuer) }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_on_this_host(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    loopback && url.as_str().starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_reached_by_https_or_on_this_host_and_kept_as_it_is_written() {
        for good in ["https://id.example", "https://id.example/", "https://id.example/t/1", "http://127.0.0.1:8080"] {
            assert_eq!(good.parse::<Issuer>().map(|issuer| issuer.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "id.example",
            "http://id.example",
            "ftp://127.0.0.1",
            "https://u:p@id.example",
            "https://id.example?x=1",
            "https://id.example#x",
            " https://id.example",
            "https:id.example",
        ] {
            assert_eq!(bad.parse::<Issuer>(), Err(NoIssuer), "{bad}");
        }
    }

    #[test]
    fn the_metadata_stand_below_the_issuer_without_its_last_slash() {
        for text in ["https://id.example/t", "https://id.example/t/"] {
            let issuer: Issuer = text.parse().unwrap();
            assert_eq!(issuer.metadata(), "https://id.example/t/.well-known/openid-configuration");
        }
    }

    #[test]
    fn an_endpoint_is_reached_no_worse_than_its_issuer() {
        let (far, near): (Issuer, Issuer) = ("https://id.example".parse().unwrap(), "http://[::1]:1".parse().unwrap());
        assert!(far.endpoint("https://tokens.example/token").is_some());
        for bad in ["http://id.example/token", "http://127.0.0.1/token", "/token", "https://id.example/#x"] {
            assert!(far.endpoint(bad).is_none(), "{bad}");
        }
        assert!(near.endpoint("http://127.0.0.1:2/token").is_some());
        assert!(near.endpoint("http://169.254.169.254/token").is_none());
    }
}
