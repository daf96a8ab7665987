//! How environment variables are shown: those that look like a credential behind a mask (contract section 6, `reliability.md` 2.13).

use super::EnvironmentVariables;
use std::borrow::Cow;

/// What is shown of a credential that is no URL.
const MASK: &str = "***";

/// A name with one of these in it, in any case, is that of a credential.
const NAMES: [&str; 9] = ["KEY", "TOKEN", "SECRET", "PASSW", "PASSPHRASE", "PWD", "CRED", "AUTH", "PRIVATE"];

/// Credentials begin so, and have at least so many characters behind it.
const SHAPES: [(&str, usize); 20] = [
    ("cx_", 12),
    ("sk-", 16),
    ("sk_", 16),
    ("pk_", 16),
    ("rk_", 16),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("AKIA", 12),
    ("ASIA", 12),
    ("AIza", 20),
    ("hf_", 16),
    ("npm_", 16),
    ("whsec_", 16),
];

impl EnvironmentVariables {
    /// Names and values as they are shown to those who may not see secrets.
    pub fn masked(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.iter().map(|(name, value)| (name, mask(name, value).map_or(Cow::Borrowed(value), Cow::Owned)))
    }

    /// These as somebody sent them who was shown `stored` behind its masks: a mask that comes back stands for what is behind it.
    #[must_use]
    pub fn unmasked_by(&self, stored: &Self) -> Self {
        let meant = |name: &str, sent: &str| {
            let kept = stored.iter().find(|(other, _)| *other == name).map(|(_, value)| value);
            let kept = kept.filter(|value| mask(name, value).is_some_and(|mask| mask == sent));
            (name.to_owned(), kept.unwrap_or(sent).to_owned())
        };
        Self::new(self.iter().map(|(name, value)| meant(name, value)).collect())
    }

    /// The values that must not stand in anything that the agent prints: what is masked, with the passwords that stand in it, and
    /// what could be a credential although nothing else tells so. Words, numbers and addresses are not: they stand in any text.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let kept = self.iter().filter(|(name, value)| mask(name, value).is_some() || is_opaque(value));
        kept.flat_map(|(_, value)| [Some(value), password(value)]).flatten()
    }
}

/// What is shown in place of a value that looks like a credential; `None` when it does not.
pub fn mask(name: &str, value: &str) -> Option<String> {
    if let Some((scheme, ..)) = with_userinfo(value) {
        return Some(format!("{scheme}://..."));
    }
    let named = || {
        let name = name.to_ascii_uppercase();
        NAMES.iter().any(|part| name.contains(part))
    };
    let secret = !value.is_empty() && (named() || has_known_shape(value));
    secret.then(|| MASK.to_owned())
}

/// Whether a value is no word of any language: at least 8 characters in one piece, among them letters and digits, and no URL.
fn is_opaque(value: &str) -> bool {
    let has = |kind: fn(char) -> bool| value.chars().any(kind);
    let one_piece = !has(char::is_whitespace) && !value.contains("://") && !value.starts_with('/');
    value.chars().count() >= 8 && one_piece && has(char::is_alphabetic) && has(|c| c.is_ascii_digit())
}

/// Scheme and user information of a URL that has the latter: a password, or a token in the user's place.
fn with_userinfo(value: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = value.trim().split_once("://")?;
    let mut characters = scheme.chars();
    let named = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // what is no URL to the letter may be one to whoever uses it: a password with a slash in it, say
    let (userinfo, _) =
        authority.rsplit_once('@').or_else(|| rest.rsplit_once('@').filter(|(user, _)| user.contains(':')))?;
    (named && !userinfo.is_empty()).then_some((scheme, userinfo))
}

/// The password in a URL.
fn password(value: &str) -> Option<&str> {
    let (_, userinfo) = with_userinfo(value)?;
    Some(userinfo.split_once(':').map_or(userinfo, |(_, password)| password))
}

fn has_known_shape(value: &str) -> bool {
    let value = value.trim();
    let bare = ["Bearer ", "Basic ", "bearer ", "basic "].iter().find_map(|scheme| value.strip_prefix(scheme));
    let token = bare.unwrap_or(value);
    let shaped = |(prefix, least): &(&str, usize)| {
        let rest = token.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.len() >= *least && !rest.contains(char::is_whitespace))
    };
    bare.is_some_and(|token| token.len() >= 8)
        || SHAPES.iter().any(shaped)
        || value.contains("-----BEGIN ")
        || is_jwt(token)
}

/// Three parts of base64, the first of which begins as `{"` does.
fn is_jwt(token: &str) -> bool {
    let parts: Vec<_> = token.split('.').collect();
    let encoded =
        |part: &&str| part.len() > 3 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    parts.len() == 3 && token.starts_with("eyJ") && parts.iter().take(2).all(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variables(pairs: &[(&str, &str)]) -> EnvironmentVariables {
        EnvironmentVariables::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    /// S02, and every variable of the documents.
    #[test]
    fn the_documents_variables_are_shown_and_only_credentials_masked() {
        for (name, value) in [
            ("SUPPORT_QUEUE", "high_priority"),
            ("ESCALATION_THRESHOLD", "0.8"),
            ("CACHE_TTL", "3600"),
            ("ML_ENDPOINT", "https://ml.example.com/api"),
            ("DATA_SOURCE", "postgres://..."),
            ("DATA_SOURCE", "postgres://h/db"),
            ("EMAIL", "someone@example.com"),
            ("PAGE", "https://example.com/@user:name"),
            ("PACKAGE", "sk-learn"),
            ("API_KEY", ""),
        ] {
            assert_eq!(mask(name, value), None, "{name}={value}");
        }
        assert_eq!(mask("DATA_SOURCE", "postgres://u:p@h/db").as_deref(), Some("postgres://..."));
    }

    #[test]
    fn a_credential_is_told_by_its_name_its_url_and_its_shape() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        for (name, value) in [
            ("OPENAI_API_KEY", "x"),
            ("github_token", "x"),
            ("DB_PASSWORD", "0.8"),
            ("X", "sk-abcdefghijklmnopqrstuvwx"),
            ("X", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
            ("X", "AKIAIOSFODNN7EXAMPLE"),
            ("X", "cx_4fzzDq9mQ1aB_8f3k"),
            ("X", "-----BEGIN PRIVATE KEY-----\nMII"),
            ("X", jwt),
            ("X", "Bearer abcdefgh12345"),
        ] {
            assert_eq!(mask(name, value).as_deref(), Some(MASK), "{name}={value}");
        }
        for (value, shown) in [
            ("https://token@example.com/x", "https://..."),
            ("redis://:pass@cache:6379", "redis://..."),
            ("mongodb+srv://u:p%40ss@h/?x=1", "mongodb+srv://..."),
            ("amqp://u:pa/ss@h/vhost", "amqp://..."),
        ] {
            assert_eq!(mask("BROKER", value).as_deref(), Some(shown), "{value}");
            assert_eq!(mask("BROKER_KEY", value).as_deref(), Some(shown), "the URL's mask goes before the name's");
        }
    }

    /// S03.
    #[test]
    fn a_mask_that_comes_back_stands_for_what_is_behind_it() {
        let stored = variables(&[("API_KEY", "one"), ("DATA_SOURCE", "postgres://u:p@h/db"), ("MODE", "fast")]);
        let sent =
            variables(&[("MODE", "slow"), ("DATA_SOURCE", "postgres://..."), ("API_KEY", "***"), ("NEW_KEY", "***")]);
        let meant = sent.unmasked_by(&stored);
        let expected = variables(&[
            ("MODE", "slow"),
            ("DATA_SOURCE", "postgres://u:p@h/db"),
            ("API_KEY", "one"),
            ("NEW_KEY", "***"),
        ]);
        assert!(meant == expected);
        assert!(variables(&[("API_KEY", "two")]).unmasked_by(&stored) == variables(&[("API_KEY", "two")]));
        assert!(
            variables(&[("MODE", "***")]).unmasked_by(&stored) == variables(&[("MODE", "***")]),
            "it was not masked"
        );
    }

    #[test]
    fn what_is_not_printed_are_credentials_their_passwords_and_what_could_be_one() {
        let pairs = [
            ("A_KEY", "word"),
            ("B", "x9-f3a7bb21"),
            ("C", "production"),
            ("D", "3600"),
            ("E", "https://ml.example.com/v2"),
        ];
        let kept: Vec<_> = variables(&pairs).secrets().map(str::to_owned).collect();
        assert_eq!(kept, ["word", "x9-f3a7bb21"]);
        let all: Vec<_> =
            variables(&[("A", "postgres://u:p@ss@h/db"), ("B", "plain")]).secrets().map(str::to_owned).collect();
        assert_eq!(all, ["postgres://u:p@ss@h/db", "p@ss"]);
    }

    proptest! {
        #[test]
        fn what_was_read_can_be_sent_back(
            pairs in prop::collection::vec(("[A-Z_]{1,8}|API_KEY|TOKEN", ".{0,40}|[a-z]{1,6}://[a-z:@/.]{0,20}|sk-[a-z]{20}"), 0..6)
        ) {
            let mut names = std::collections::HashSet::new();
            let distinct = pairs.into_iter().filter(|(name, _)| names.insert(name.clone())).collect();
            let stored = EnvironmentVariables::new(distinct);
            let read = EnvironmentVariables::new(stored.masked().map(|(n, v)| (n.to_owned(), v.into_owned())).collect());
            prop_assert!(read.unmasked_by(&stored) == stored);
        }

        #[test]
        fn nothing_of_a_credential_is_shown(user in "[a-z]{1,8}", password in "[A-Z0-9]{6,20}", host in "[a-z]{1,10}") {
            let url = format!("postgres://{user}:{password}@{host}/db");
            let read = variables(&[("DATA_SOURCE", &url), ("ITS_PASSWORD", &password)]);
            for (_, shown) in read.masked() {
                prop_assert!(!shown.contains(&password), "{shown}");
            }
        }
    }
}
