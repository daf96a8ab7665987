//! Identifiers: a prefix, an underscore and 16 lower-case hexadecimal digits (contract section 2).
//!
//! Each kind is its own type, so that a task cannot be looked up by the id of an agent.

use std::fmt;
use std::str::FromStr;

/// A text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: {expected} followed by 16 lower-case hexadecimal digits")]
pub struct InvalidId {
    /// The prefix that was expected, with its underscore.
    pub expected: &'static str,
}

/// Parses `prefix` followed by exactly 16 lower-case hexadecimal digits.
fn parse(prefix: &'static str, text: &str) -> Result<u64, InvalidId> {
    let digits = text.strip_prefix(prefix).filter(|rest| rest.len() == 16);
    let lower_hex = |digit: &u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(digit);
    digits
        .filter(|rest| rest.as_bytes().iter().all(lower_hex))
        .and_then(|rest| u64::from_str_radix(rest, 16).ok())
        .ok_or(InvalidId { expected: prefix })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The text before the digits, with its underscore.
            pub const PREFIX: &'static str = $prefix;
            /// An identifier from 64 random bits, see [`IdSource`](crate::port::clock::IdSource).
            pub const fn new(bits: u64) -> Self { Self(bits) }
            /// The 64 bits.
            pub const fn bits(self) -> u64 { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}{:016x}", $prefix, self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> { parse($prefix, text).map(Self) }
        }
    )+};
}

ids! {
    /// An organisation: the tenant that everything belongs to.
    OrgId = "org_";
    /// A member of an organisation.
    UserId = "user_";
    /// A team of an organisation.
    TeamId = "team_";
    /// A project. It also has an integer number, unique in the whole service.
    ProjectId = "proj_";
    /// An agent of a project.
    AgentId = "agent_";
    /// A unit of work given to an agent.
    TaskId = "task_";
    /// An event of an organisation's sequence.
    EventId = "evt_";
    /// A worker's registration with the server, for one incarnation of an agent.
    SessionId = "wses_";
    /// An application that is registered with the authorization server.
    OAuthClientId = "client_";
    /// What a user has let an application do: the family of all tokens that follow from one consent.
    GrantId = "grant_";
    /// An access token and the refresh token that was given with it.
    TokenPairId = "pair_";
    /// A browser in which somebody is signed in.
    BrowserSessionId = "sess_";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_identifier_is_printed_as_the_documents_show_it() {
        assert_eq!(AgentId::new(0x1234_5678_90ab_cdef).to_string(), "agent_1234567890abcdef");
        assert_eq!(ProjectId::new(7).to_string(), "proj_0000000000000007");
    }

    #[test]
    fn other_prefixes_lengths_and_upper_case_are_refused() {
        for text in
            ["", "agent_", "agent_123", "agent_1234567890ABCDEF", "agent_1234567890abcdef0", "proj_1234567890abcdef"]
        {
            assert_eq!(text.parse::<AgentId>(), Err(InvalidId { expected: "agent_" }), "{text}");
        }
        assert!("agent_+234567890abcdef".parse::<AgentId>().is_err());
    }

    proptest! {
        #[test]
        fn every_identifier_survives_being_printed_and_parsed(bits: u64) {
            prop_assert_eq!(TaskId::new(bits).to_string().parse(), Ok(TaskId::new(bits)));
        }
        #[test]
        fn no_text_makes_parsing_panic(text in ".*") {
            let _ = text.parse::<OrgId>();
        }
    }
}
