//! The scopes that applications ask for: words of [`Scope`], separated by single spaces (RFC 6749 3.3).

use crate::lifecycle::Words;
use crate::permission::{Permissions, Scope};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// At least one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

/// A text that is no list of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be read, write, or both")]
pub struct InvalidScopes;

impl Scopes {
    /// What an application asks for that asks for nothing: `read`.
    pub fn usual() -> Self {
        Self(BTreeSet::from([Scope::Read]))
    }
    /// These, unless there are none.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }
    /// Whether `other` asks for nothing more; `write` holds `read`.
    pub fn hold(&self, other: &Self) -> bool {
        self.0.contains(&Scope::Write) || other.0.is_subset(&self.0)
    }
    /// What both hold, unless that is nothing.
    pub fn shared_with(&self, other: &Self) -> Option<Self> {
        let either = self.0.union(&other.0).copied();
        let both = either.filter(|scope| [self, other].iter().all(|held| held.hold(&Self(BTreeSet::from([*scope])))));
        Self::of(both)
    }
    /// What they stand for.
    pub fn permissions(&self) -> Permissions {
        self.0.iter().fold(Permissions::default(), |all, scope| all.union(scope.permissions()))
    }
    /// In the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromStr for Scopes {
    type Err = InvalidScopes;
    fn from_str(text: &str) -> Result<Self, InvalidScopes> {
        let scopes = text.split(' ').map(str::parse).collect::<Result<BTreeSet<Scope>, _>>();
        scopes.map(Self).map_err(|_| InvalidScopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Words::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn scopes_are_words_between_single_spaces() {
        assert_eq!(scopes("write read").to_string(), "read write");
        assert_eq!(scopes("read read").to_string(), "read");
        for bad in ["", " ", "admin", "read admin", "read  write", " read", "read\twrite", "READ", "read\u{a0}write"] {
            assert_eq!(bad.parse::<Scopes>(), Err(InvalidScopes), "{bad:?}");
        }
    }

    #[test]
    fn write_holds_read_and_read_does_not_hold_write() {
        assert!(scopes("write").hold(&scopes("read")) && scopes("write").hold(&scopes("read write")));
        assert!(scopes("read").hold(&scopes("read")) && !scopes("read").hold(&scopes("read write")));
        assert_eq!(scopes("read write").permissions(), Scope::Write.permissions());
    }

    #[test]
    fn no_scopes_are_not_scopes() {
        assert_eq!(Scopes::of([]), None);
        assert_eq!(Scopes::of([Scope::Read]), Some(Scopes::usual()));
    }
}
