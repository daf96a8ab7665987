//! Names that people give: parsed once, valid ever after.

use std::fmt;

/// Why a name is refused. The texts are those of `details.issue` (contract section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameIssue {
    /// Nothing, or nothing but white space.
    #[error("cannot be empty")]
    Empty,
    /// Fewer characters than the rule asks for.
    #[error("too short")]
    TooShort,
    /// More characters than the rule allows.
    #[error("too long")]
    TooLong,
    /// A character that the rule does not allow.
    #[error("contains invalid characters")]
    InvalidCharacters,
    /// A hyphen at either end.
    #[error("must start and end with an alphanumeric character")]
    Edges,
}

/// The machine-readable name of a project: 3–50 ASCII letters, digits and hyphens, first and last alphanumeric (PROJ).
/// It keeps the case it was given in; two that differ only in case are the same name, see [`CanonicalName::key`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalName(String);

impl CanonicalName {
    /// The canonical name of the project that every organisation has from its first moment.
    pub const DEFAULT: &'static str = "default";
    const SHORTEST: usize = 3;
    const LONGEST: usize = 50;

    /// Parses a name by the rule.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, NameIssue> {
        let length = text.chars().count();
        let alphanumeric = |edge: Option<char>| edge.is_some_and(|c| c.is_ascii_alphanumeric());
        if text.is_empty() {
            Err(NameIssue::Empty)
        } else if length < Self::SHORTEST {
            Err(NameIssue::TooShort)
        } else if length > Self::LONGEST {
            Err(NameIssue::TooLong)
        } else if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            Err(NameIssue::InvalidCharacters)
        } else if !alphanumeric(text.chars().next()) || !alphanumeric(text.chars().last()) {
            Err(NameIssue::Edges)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The name that follows from a display text: lower case, every run of other characters one hyphen, trimmed, cut to
    /// 50; `project-` and 8 hexadecimal digits of `chance` when fewer than 3 characters are left (contract section 5).
    pub fn derive(display: &DisplayName, chance: u64) -> Self {
        let mut derived = String::with_capacity(display.0.len());
        for c in display.0.chars().map(|c| c.to_ascii_lowercase()) {
            if c.is_ascii_alphanumeric() {
                derived.push(c);
            } else if !derived.is_empty() && !derived.ends_with('-') {
                derived.push('-');
            }
        }
        derived.truncate(Self::LONGEST);
        let derived = derived.trim_end_matches('-');
        if derived.len() < Self::SHORTEST {
            return Self(format!("project-{:08x}", chance & 0xffff_ffff));
        }
        Self(derived.to_owned())
    }

    /// This name with a number behind it, for when it is taken: `-2`, `-3`, … and still no longer than 50.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let room = Self::LONGEST - suffix.len();
        let base = self.0.get(..room).unwrap_or(&self.0).trim_end_matches('-');
        Self(format!("{base}{suffix}"))
    }

    /// What uniqueness is judged by: the name in lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
    /// Whether this names the organisation's default project.
    pub fn is_default(&self) -> bool {
        self.0.eq_ignore_ascii_case(Self::DEFAULT)
    }
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text for people: no control characters, not blank, at most `LONGEST` characters.
fn display_text(text: &str, longest: usize) -> Result<String, NameIssue> {
    if text.trim().is_empty() {
        Err(NameIssue::Empty)
    } else if text.chars().count() > longest {
        Err(NameIssue::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(NameIssue::InvalidCharacters)
    } else {
        Ok(text.to_owned())
    }
}

macro_rules! display_names {
    ($($(#[$doc:meta])* $name:ident up to $longest:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most characters that such a name may have.
            pub const LONGEST: usize = $longest;
            /// Parses a name: not blank, no control characters, not too long.
            ///
            /// # Errors
            /// The first rule that is broken.
            pub fn parse(text: &str) -> Result<Self, NameIssue> { display_text(text, $longest).map(Self) }
            /// The name as it was given.
            pub fn as_str(&self) -> &str { &self.0 }
            /// What names are sorted by: without regard to case.
            pub fn sort_key(&self) -> String { self.0.to_lowercase() }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )+};
}

display_names! {
    /// What people call a project.
    DisplayName up to 255;
    /// What people call an agent; unique in its project.
    AgentName up to 100;
    /// What people call an organisation.
    OrganisationName up to 255;
    /// What people call a team; unique in its organisation without regard to case.
    TeamName up to 100;
    /// What people call an API key.
    KeyName up to 100;
    /// What people call an application, shown on the consent page.
    ClientName up to 100;
}

impl From<&CanonicalName> for DisplayName {
    /// A project made with one name carries it as both (contract section 5).
    fn from(name: &CanonicalName) -> Self {
        Self(name.0.clone())
    }
}

impl fmt::Display for CanonicalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documents_valid_names_are_valid() {
        for name in
            ["ml-training-pipeline", "data-processing-v2", "customer-analytics", "test123", "abc", &"a".repeat(50)]
        {
            assert_eq!(CanonicalName::parse(name).map(|n| n.0), Ok(name.to_owned()));
        }
    }

    #[test]
    fn each_broken_rule_is_named() {
        let issue = |name: &str| CanonicalName::parse(name).err();
        assert_eq!(issue(""), Some(NameIssue::Empty));
        assert_eq!(issue("ab"), Some(NameIssue::TooShort));
        assert_eq!(issue(&"a".repeat(51)), Some(NameIssue::TooLong));
        for name in ["too_many_underscores", "a b c", "naïve", "ａｂｃ", "abc\n", "a\u{2011}b"] {
            assert_eq!(issue(name), Some(NameIssue::InvalidCharacters), "{name}");
        }
        assert_eq!(issue("-invalid-start"), Some(NameIssue::Edges));
        assert_eq!(issue("invalid-end-"), Some(NameIssue::Edges));
    }

    #[test]
    fn a_canonical_name_follows_from_the_display_name() {
        let derive = |text: &str| DisplayName::parse(text).map(|d| CanonicalName::derive(&d, 0xabcd).0);
        assert_eq!(derive("Legal Counsel Project"), Ok("legal-counsel-project".to_owned()));
        assert_eq!(derive("  Q3 / Ünïcode  "), Ok("q3-n-code".to_owned()));
        assert_eq!(derive("日本"), Ok("project-0000abcd".to_owned()));
    }

    proptest! {
        #[test]
        fn every_derived_and_numbered_name_obeys_the_rule(text in "\\PC{1,80}", chance: u64, number in 2u32..1000) {
            prop_assume!(!text.trim().is_empty());
            if let Ok(display) = DisplayName::parse(&text) {
                let derived = CanonicalName::derive(&display, chance);
                prop_assert!(CanonicalName::parse(derived.as_str()).is_ok(), "{derived}");
                let numbered = derived.numbered(number);
                prop_assert!(CanonicalName::parse(numbered.as_str()).is_ok(), "{numbered}");
                prop_assert_ne!(derived, numbered);
            }
        }
    }
}
