//! The OpenID Connect provider through which people may sign in: all of it, or nothing.

use anyhow::bail;
use connix_domain::port::secrets::Secret;
use connix_upstream::Issuer;
use serde::{Deserialize, Serialize};

use super::value;

/// The provider, as it is written.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upstream {
    #[serde(with = "value::unset_when_empty")]
    pub(crate) issuer: Option<Issuer>,
    pub(crate) client_id: String,
    #[serde(with = "value::hidden")]
    pub(crate) client_secret: Option<Secret>,
    pub(crate) name: String,
}

/// A provider that is set.
#[derive(Debug)]
pub(crate) struct Provider<'p> {
    pub(crate) issuer: &'p Issuer,
    pub(crate) client_id: &'p str,
    pub(crate) client_secret: &'p Secret,
    pub(crate) name: &'p str,
}

impl Upstream {
    /// The provider, if one is set.
    ///
    /// # Errors
    /// What is set without the rest, by the name of the first setting that is missing.
    pub(crate) fn provider(&self) -> anyhow::Result<Option<Provider<'_>>> {
        let (issuer, client_id, secret) = (&self.issuer, self.client_id.as_str(), &self.client_secret);
        if issuer.is_none() && client_id.is_empty() && secret.is_none() {
            return Ok(None);
        }
        let missing =
            |name: &str| format!("bad setting: identity.upstream.{name} is missing beside the others of its table");
        let Some(issuer) = issuer else { bail!(missing("issuer")) };
        let Some(client_secret) = secret else { bail!(missing("client_secret")) };
        for (name, text) in [("client_id", client_id), ("name", self.name.trim())] {
            if text.is_empty() {
                bail!(missing(name));
            }
        }
        Ok(Some(Provider { issuer, client_id, client_secret, name: self.name.trim() }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Flags, load};
    use super::super::print;

    const WHOLE: [(&str, &str); 3] = [
        ("CONNIX_IDENTITY__UPSTREAM__ISSUER", "https://id.example/"),
        ("CONNIX_IDENTITY__UPSTREAM__CLIENT_ID", "connix"),
        ("CONNIX_IDENTITY__UPSTREAM__CLIENT_SECRET", "canary"),
    ];

    fn loaded(variables: &[(&str, &str)]) -> anyhow::Result<super::super::Settings> {
        load(None, variables.iter().map(|(name, value)| (name.into(), value.into())), &Flags::default())
    }

    #[test]
    fn a_provider_is_set_as_a_whole_and_its_issuer_kept_to_the_last_slash() {
        assert!(loaded(&[]).unwrap().identity.upstream.provider().unwrap().is_none());
        let settings = loaded(&WHOLE).unwrap();
        let provider = settings.identity.upstream.provider().unwrap().unwrap();
        assert_eq!((provider.issuer.as_str(), provider.client_id), ("https://id.example/", "connix"));
        let printed = print::text(&settings).unwrap();
        assert!(printed.contains("identity.upstream.issuer = \"https://id.example/\"\n"), "{printed}");
        assert!(
            printed.contains("identity.upstream.client_secret = \"***\"") && !printed.contains("canary"),
            "{printed}"
        );
    }

    #[test]
    fn a_part_of_a_provider_is_refused_with_the_name_of_what_is_missing() {
        for (left_out, key) in [(0, "issuer"), (1, "client_id"), (2, "client_secret")] {
            let rest: Vec<_> =
                WHOLE.into_iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, v)| v).collect();
            let message = format!("{:#}", loaded(&rest).unwrap_err());
            assert!(message.contains(&format!("identity.upstream.{key}")), "{message}");
        }
        let unnamed = [WHOLE.as_slice(), &[("CONNIX_IDENTITY__UPSTREAM__NAME", " ")]].concat();
        let message = format!("{:#}", loaded(&unnamed).unwrap_err());
        assert!(message.contains("identity.upstream.name"), "{message}");
    }
}
