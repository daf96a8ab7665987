//! The kinds of values that settings hold. Each refuses a bad text with a sentence that says what was expected.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use connix_domain::port::secrets::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
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

    pub(crate) fn as_str(&self) -> &str {
        &self.0
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

/// A browser's origin: scheme, host and port, as the `Origin` header has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

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

/// Which store, and where. `Debug` and `Display` hide the password.
#[derive(Clone)]
pub(crate) enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Secret),
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => match Url::parse(text) {
                Ok(_) => Ok(Self::Postgres(Secret::new(text))),
                Err(error) => Err(format!("this is no URL: {error}")),
            },
            // The text may hold a password: it is not repeated.
            _ => Err("expected postgres://… or sqlite://PATH".to_owned()),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url.expose())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return MASK.to_owned() };
    let query: Vec<_> = url.query_pairs().into_owned().collect();
    if query.iter().any(|(key, _)| key == "password") {
        let hide =
            |(key, value): (String, String)| if key == "password" { (key, MASK.to_owned()) } else { (key, value) };
        url.query_pairs_mut().clear().extend_pairs(query.into_iter().map(hide));
    }
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    url.into()
}

/// What is logged: a level, or directives of `tracing-subscriber`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogLevel(String);

impl LogLevel {
    pub(crate) fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
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
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+};
}

as_text!(HttpUrl, Origin, DatabaseUrl, LogLevel);

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
        assert_eq!("http://localhost:11434/v1/".parse::<HttpUrl>().unwrap().as_str(), "http://localhost:11434/v1");
        assert_eq!("https://EXAMPLE.com".parse::<HttpUrl>().unwrap().as_str(), "https://example.com");
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
    fn a_database_s_password_is_never_printed() {
        for url in
            ["postgres://me:hunter2@host:5433/db?sslmode=require", "postgresql://host/db?user=me&password=hunter2"]
        {
            let url: DatabaseUrl = url.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url}");
        }
        let url: DatabaseUrl = "postgres://me:hunter2@host:5433/db?sslmode=require".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://me:***@host:5433/db?sslmode=require");
        let error = "mysql://me:hunter2@host/db".parse::<DatabaseUrl>().unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
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
