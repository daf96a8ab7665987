//! Members who sign in through the operator's OpenID Connect provider: whom an account there belongs to.
//!
//! At the first sign-in an account is bound to the member that has its verified e-mail address; from then on the account decides
//! and the address does not: addresses change hands, subjects do not (OpenID Connect Core 5.7). Nobody is made by signing in.

use crate::id::OrgId;
use crate::member::{EmailAddress, Member};

/// An account at a provider. Both texts are compared exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamAccount {
    /// Whose it is: the provider's issuer identifier.
    pub issuer: String,
    /// What the provider calls it, and never anything else.
    pub subject: String,
}

/// Who has signed in at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamIdentity {
    /// With which account.
    pub account: UpstreamAccount,
    /// The account's e-mail address, if the provider has made sure that it is the account's.
    pub verified_email: Option<String>,
}

/// The member that an identity belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognized {
    /// The account is bound to it.
    Bound(Member),
    /// It has the account's address, and no account yet.
    Unbound(Member),
}

impl UpstreamIdentity {
    /// Which of these members it belongs to, in one organisation or, without one, in any; of several the one that was made
    /// first. Nobody: the member with its address has another account of the same provider, is disabled, or there is none.
    pub fn recognize(&self, mut members: Vec<Member>, org: Option<OrgId>) -> Option<Recognized> {
        members.retain(|member| member.is_enabled() && org.is_none_or(|org| org == member.org));
        members.sort_by_key(|member| (member.created_at, member.id));
        let bound = members.iter().find(|member| member.upstream.as_ref() == Some(&self.account));
        if let Some(member) = bound {
            return Some(Recognized::Bound(member.clone()));
        }
        let member = members.into_iter().find(|member| self.has_address_of(member))?;
        let other = member.upstream.as_ref().is_some_and(|account| account.issuer == self.account.issuer);
        (!other).then_some(Recognized::Unbound(member))
    }

    /// Addresses that differ only in the case of letters beyond ASCII may be different mailboxes.
    fn has_address_of(&self, member: &Member) -> bool {
        let own = member.email.as_ref().map(EmailAddress::as_str);
        own.zip(self.verified_email.as_deref()).is_some_and(|(own, shown)| own.eq_ignore_ascii_case(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::id::UserId;
    use chrono::Duration;
    use proptest::prelude::*;

    const ADDRESS: &str = "ada@example.com";

    fn account(issuer: &str, subject: &str) -> UpstreamAccount {
        UpstreamAccount { issuer: issuer.to_owned(), subject: subject.to_owned() }
    }

    fn identity(subject: &str, email: Option<&str>) -> UpstreamIdentity {
        UpstreamIdentity { account: account("https://id", subject), verified_email: email.map(str::to_owned) }
    }

    fn member(org: u64, id: u64, upstream: Option<UpstreamAccount>) -> Member {
        let owner = Member::first_owner(OrgId::new(org), UserId::new(id), Timestamp::UNIX_EPOCH);
        Member { email: EmailAddress::parse(ADDRESS).ok(), upstream, ..owner }
    }

    #[test]
    fn an_address_is_recognized_once_and_the_account_from_then_on() {
        let ada = member(1, 1, None);
        let first = identity("s1", Some("ADA@example.com")).recognize(vec![ada.clone()], None);
        assert_eq!(first, Some(Recognized::Unbound(ada.clone())));
        let bound = ada.bound_to(account("https://id", "s1"), Timestamp::UNIX_EPOCH);
        let moved = Member { email: EmailAddress::parse("ada@elsewhere.example").ok(), ..bound.clone() };
        for known in [bound.clone(), moved] {
            let again = identity("s1", None).recognize(vec![known.clone()], None);
            assert_eq!(again, Some(Recognized::Bound(known)));
        }
        let other = identity("s2", Some(ADDRESS)).recognize(vec![bound], None);
        assert_eq!(other, None, "another account has the address now");
    }

    #[test]
    fn an_account_of_another_provider_gives_way() {
        let before = member(1, 1, Some(account("https://former", "s1")));
        let recognized = identity("s1", Some(ADDRESS)).recognize(vec![before.clone()], None);
        assert_eq!(recognized, Some(Recognized::Unbound(before)));
    }

    #[test]
    fn an_unverified_or_disguised_address_recognizes_nobody() {
        for email in [None, Some("ada@example.co"), Some("\u{ff41}da@example.com"), Some("")] {
            assert_eq!(identity("s1", email).recognize(vec![member(1, 1, None)], None), None, "{email:?}");
        }
        let kelvin = Member { email: EmailAddress::parse("kate@example.com").ok(), ..member(1, 1, None) };
        assert_eq!(identity("s1", Some("\u{212a}ate@example.com")).recognize(vec![kelvin], None), None);
    }

    proptest! {
        #[test]
        fn only_an_enabled_member_of_the_organisation_is_recognized(
            members in prop::collection::vec((0..3u64, 0..4i64, prop::option::of(0..3usize), any::<bool>()), 0..6),
            org in prop::option::of(0..3u64), verified: bool,
        ) {
            let accounts = [account("https://id", "s1"), account("https://id", "s2"), account("https://former", "s1")];
            let made = |(id, (org, age, bound, disabled)): (usize, (u64, i64, Option<usize>, bool))| Member {
                created_at: Timestamp::UNIX_EPOCH + Duration::seconds(age),
                disabled_at: disabled.then_some(Timestamp::UNIX_EPOCH),
                ..member(org, id as u64, bound.map(|of| accounts[of].clone()))
            };
            let members: Vec<_> = members.into_iter().enumerate().map(made).collect();
            let org = org.map(OrgId::new);
            let identity = identity("s1", verified.then_some(ADDRESS));
            let may = |member: &&Member| member.is_enabled() && org.is_none_or(|org| org == member.org);
            let age = |member: &Member| (member.created_at, member.id);
            match identity.recognize(members.clone(), org) {
                Some(Recognized::Bound(found)) => {
                    prop_assert!(may(&&found) && found.upstream == Some(identity.account.clone()));
                    let own = members.iter().filter(may).filter(|m| m.upstream == found.upstream);
                    prop_assert_eq!(own.map(age).min(), Some(age(&found)));
                }
                Some(Recognized::Unbound(found)) => {
                    prop_assert!(verified && may(&&found));
                    prop_assert!(found.upstream.as_ref().is_none_or(|a| a.issuer != identity.account.issuer));
                    prop_assert_eq!(members.iter().filter(may).map(age).min(), Some(age(&found)));
                    prop_assert!(!members.iter().filter(may).any(|m| m.upstream == Some(identity.account.clone())));
                }
                None => {
                    prop_assert!(!members.iter().filter(may).any(|m| m.upstream == Some(identity.account.clone())));
                }
            }
        }
    }
}
