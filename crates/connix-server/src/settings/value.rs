//! The kinds of values that settings hold. Each refuses a bad text with a sentence that says what was expected.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use connix_domain::port::secrets::Secret;
use serde::{Deserialize, Deserializer, Serializer, de};
use tracing_subscriber::EnvFilter;
use url::Url;

/// What stands for a secret that is set, wherever settings are printed.
pub(crate) const MASK: &str = "***";

/// An address of a service: `http` or `https`, a host, perhaps a path; no user, query or fragment. Printed without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl(String);

impl HttpUrl {
    /// The address of our own listener.
    pub(crate) fn of_listener(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }
}

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is no URL: {error}"))?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err("expected http:// or https://, a host and perhaps a path, and nothing else".to_owned());
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole number that is not below a bound.
pub(crate) fn at_least<'de, const LEAST: u64, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number < LEAST {
        return Err(de::Error::custom(format!("{number} is too small: expected at least {LEAST}")));
    }
    Ok(number)
}

/// A whole number within bounds.
pub(crate) fn between<'de, const LEAST: u32, const MOST: u32, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u32, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let fitting = u32::try_from(number).ok().filter(|number| (LEAST..=MOST).contains(number));
    fitting.ok_or_else(|| de::Error::custom(format!("{number} is out of range: expected {LEAST} to {MOST}")))
}

/// A browser's origin: scheme, host and port, as the `Origin` header has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origin = Url::parse(text).map(|url| url.origin().ascii_serialization());
        if origin.is_ok_and(|origin| origin == text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is no origin: expected scheme://host or scheme://host:port, in lower case"))
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is logged: a level, or directives of `tracing-subscriber`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLevel(String);

impl LogLevel {
    /// What is let through. Of what MCP servers say, nothing: it may be anything. Of the framework only its own warnings are, and not malformed requests, which actix-http logs as errors:
    /// anybody could flood the log with them. A directive for `actix_http` or `actix_server` brings them back.
    pub(crate) fn filter(&self) -> EnvFilter {
        EnvFilter::new(format!("actix_http=off,actix_server=warn,rmcp=error,{}", self.0))
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let valid = !text.is_empty() && EnvFilter::builder().parse(text).is_ok();
        // A lone unknown word would be taken for the name of a target, and everything else be silenced.
        let lone_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if valid && (!lone_word || text.parse::<tracing::Level>().is_ok() || text.eq_ignore_ascii_case("off")) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is no level: expected error, warn, info, debug, trace, or directives such as info,connix_http=debug"
            ))
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads and writes a type as its text.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::settings::value::text::deserialize(deserializer)
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::settings::value::text::serialize(self, serializer)
            }
        }
    )+};
}

pub(crate) use as_text;

as_text!(HttpUrl, Origin, LogLevel);

/// A value of another crate as its text.
pub(crate) mod text {
    use super::*;

    pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: fmt::Display>,
    {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }

    pub(crate) fn serialize<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
}

/// An optional value, whose absence is an empty text: TOML and the environment have no null.
pub(crate) mod unset_when_empty {
    use super::*;

    pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: fmt::Display>,
    {
        match String::deserialize(deserializer)?.as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(de::Error::custom),
        }
    }

    pub(crate) fn serialize<S: Serializer, T: fmt::Display>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_str(""),
        }
    }
}

/// An optional secret: written as a mask, so that no way of printing settings shows it.
pub(crate) mod hidden {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok((!text.is_empty()).then(|| Secret::new(text)))
    }

    pub(crate) fn serialize<S: Serializer>(value: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if value.is_some() { MASK } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_loses_its_last_slash_and_keeps_its_path() {
        assert_eq!("http://localhost:11434/v1/".parse::<HttpUrl>().unwrap().to_string(), "http://localhost:11434/v1");
        assert_eq!("https://EXAMPLE.com".parse::<HttpUrl>().unwrap().to_string(), "https://example.com");
        for bad in
            ["localhost:8080", "ftp://host", "http://user:word@host", "http://host/?q=1", "http://host/#x", "http://"]
        {
            assert!(bad.parse::<HttpUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        assert!("https://app.example.com:8443".parse::<Origin>().is_ok());
        for bad in ["https://app.example.com/", "https://App.example.com", "app.example.com", "*", "null"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mistyped_level_is_refused_rather_than_silencing_everything() {
        for good in ["info", "WARN", "off", "info,connix_http=debug"] {
            assert!(good.parse::<LogLevel>().is_ok(), "{good}");
        }
        for bad in ["inof", "", "info,connix_http=loud"] {
            assert!(bad.parse::<LogLevel>().is_err(), "{bad}");
        }
    }
}
