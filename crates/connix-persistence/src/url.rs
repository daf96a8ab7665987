//! Where the data is: the URL of a store (contract section 12).

use std::fmt;
use std::str::FromStr;

/// `sqlite://PATH` or `postgres://…`. Printing it shows no password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of our own.
    Sqlite {
        /// Its path, relative to the working directory unless it begins with a slash.
        path: String,
    },
    /// A PostgreSQL server.
    Postgres {
        /// The whole URL.
        url: String,
    },
}

/// A text that is not the URL of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a database URL is sqlite://PATH or postgres://USER@HOST/DATABASE")]
pub struct InvalidUrl;

impl FromStr for DatabaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        match text.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite { path: path.to_owned() }),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Ok(Self::Postgres { url: text.to_owned() }),
            _ => Err(InvalidUrl),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite://{path}"),
            Self::Postgres { url } => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URL without what stands behind the user's name, and without its parameters, which can hold a password too.
fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let Some((scheme, rest)) = url.split_once("://") else { return "postgres://…".to_owned() };
    let Some((credentials, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = credentials.split_once(':').map_or(credentials, |(user, _)| user);
    format!("{scheme}://{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_told_apart() {
        assert_eq!("sqlite://./data/x.db".parse(), Ok(DatabaseUrl::Sqlite { path: "./data/x.db".into() }));
        assert_eq!("sqlite:///var/x.db".parse(), Ok(DatabaseUrl::Sqlite { path: "/var/x.db".into() }));
        assert!(matches!("postgresql://h/d".parse(), Ok(DatabaseUrl::Postgres { .. })));
        for text in ["", "sqlite://", "postgres://", "mysql://h/d", "/var/x.db"] {
            assert_eq!(text.parse::<DatabaseUrl>(), Err(InvalidUrl), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        for text in ["postgres://u:s3:cr@et@h:5/d?sslmode=require", "postgres://u@h/d?password=s3:cr@et"] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("et@h") && !url.to_string().contains("s3"), "{url}");
        }
    }
}
