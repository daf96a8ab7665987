//! What a provider says of itself (OpenID Connect Discovery 4.2).

use oauth2::{AuthType, AuthUrl, TokenUrl};
use serde::Deserialize;

use crate::fetch::{FetchError, Fetcher};
use crate::issuer::Issuer;

/// Where a provider is asked for what.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization: AuthUrl,
    pub(crate) token: TokenUrl,
    pub(crate) keys: String,
    /// How we authenticate at the token endpoint.
    pub(crate) authentication: AuthType,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    /// Those of `issuer`.
    pub(crate) async fn fetch(fetcher: &Fetcher, issuer: &Issuer) -> Result<Self, FetchError> {
        let document = fetcher.document(&issuer.metadata()).await?;
        Self::of(document, issuer).map_err(FetchError::Unreadable)
    }

    fn of(document: Document, issuer: &Issuer) -> Result<Self, String> {
        if document.issuer != issuer.as_str() {
            return Err(format!("the metadata of `{issuer}` are those of another issuer"));
        }
        let endpoint = |name: &str, text: &str| {
            issuer.endpoint(text).ok_or_else(|| format!("{name} is not one to be reached by https"))
        };
        // Basic unless the provider takes it in the body alone (OpenID Connect Core 9)
        let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|offered| offered == method);
        let in_body = takes("client_secret_post") && !takes("client_secret_basic");
        Ok(Self {
            authorization: AuthUrl::from_url(endpoint("authorization_endpoint", &document.authorization_endpoint)?),
            token: TokenUrl::from_url(endpoint("token_endpoint", &document.token_endpoint)?),
            keys: endpoint("jwks_uri", &document.jwks_uri)?.into(),
            authentication: if in_body { AuthType::RequestBody } else { AuthType::BasicAuth },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(changes: Value) -> Result<Metadata, String> {
        let mut document = json!({
            "issuer": "https://id.example/",
            "authorization_endpoint": "https://id.example/authorize?tenant=1",
            "token_endpoint": "https://tokens.example/token",
            "jwks_uri": "https://id.example/keys",
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        let document = serde_json::from_value(document).map_err(|error| error.to_string())?;
        Metadata::of(document, &"https://id.example/".parse().unwrap())
    }

    #[test]
    fn the_issuer_must_be_the_same_to_the_last_byte() {
        assert!(read(json!({})).is_ok());
        for issuer in ["https://id.example", "https://ID.example/", "https://evil.example/", ""] {
            assert!(read(json!({"issuer": issuer})).is_err(), "{issuer}");
        }
    }

    #[test]
    fn an_endpoint_in_the_clear_is_not_used() {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            for bad in ["http://id.example/x", "http://127.0.0.1/x", "x", ""] {
                assert!(read(json!({name: bad})).is_err(), "{name} {bad}");
            }
        }
    }

    #[test]
    fn the_secret_goes_into_the_body_only_where_it_has_to() {
        let offered = |methods: Value| {
            matches!(
                read(json!({"token_endpoint_auth_methods_supported": methods})).unwrap().authentication,
                AuthType::RequestBody
            )
        };
        assert!(offered(json!(["client_secret_post", "private_key_jwt"])));
        assert!(!offered(json!(["client_secret_post", "client_secret_basic"])));
        assert!(!offered(json!([])) && !offered(Value::Null));
    }
}
