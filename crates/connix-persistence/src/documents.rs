//! What is kept as JSON inside a column: parts of an agent and of an API key that no query looks into.

use chrono::{DateTime, Utc};
use connix_domain::Timestamp;
use connix_domain::agent::{AgentConfig, AgentFault, Exit};
use connix_domain::api_key::Digest;
use connix_domain::oauth::client::ClientSecret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A value as a document. The types here have no maps with keys of another kind than text, so that nothing can fail.
pub(crate) fn document<T>(value: impl Into<T>) -> Value
where
    T: Serialize,
{
    serde_json::to_value(value.into()).unwrap_or_default()
}

/// What a document says.
///
/// # Errors
/// When it is not one of ours.
pub(crate) fn read<D, T: DeserializeOwned + Into<D>>(document: Value) -> Result<D, serde_json::Error> {
    serde_json::from_value::<T>(document).map(Into::into)
}

/// `agent.config`
#[derive(Serialize, Deserialize)]
pub(crate) struct ConfigDocument {
    model: String,
    temperature: f64,
    max_tokens: i64,
    tools: Vec<String>,
    system_prompt: Option<String>,
}

impl From<AgentConfig> for ConfigDocument {
    fn from(config: AgentConfig) -> Self {
        let AgentConfig { model, temperature, max_tokens, tools, system_prompt } = config;
        Self { model, temperature, max_tokens, tools, system_prompt }
    }
}

impl From<ConfigDocument> for AgentConfig {
    fn from(document: ConfigDocument) -> Self {
        let ConfigDocument { model, temperature, max_tokens, tools, system_prompt } = document;
        Self { model, temperature, max_tokens, tools, system_prompt }
    }
}

/// An instant as microseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Micros(i64);

impl From<Timestamp> for Micros {
    fn from(at: Timestamp) -> Self {
        Self(at.timestamp_micros())
    }
}

impl From<Micros> for Timestamp {
    fn from(Micros(micros): Micros) -> Self {
        DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default()
    }
}

/// `agent.failures`
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct InstantsDocument(Vec<Micros>);

impl From<Vec<Timestamp>> for InstantsDocument {
    fn from(instants: Vec<Timestamp>) -> Self {
        Self(instants.into_iter().map(Into::into).collect())
    }
}

impl From<InstantsDocument> for Vec<Timestamp> {
    fn from(document: InstantsDocument) -> Self {
        document.0.into_iter().map(Into::into).collect()
    }
}

/// `agent.last_exit`
#[derive(Serialize, Deserialize)]
pub(crate) struct ExitDocument {
    code: Option<i32>,
    signal: Option<i32>,
    reason: String,
    detail: String,
    at: Micros,
}

impl From<Exit> for ExitDocument {
    fn from(exit: Exit) -> Self {
        let Exit { code, signal, reason, detail, at } = exit;
        Self { code, signal, reason, detail, at: at.into() }
    }
}

impl From<ExitDocument> for Exit {
    fn from(document: ExitDocument) -> Self {
        let ExitDocument { code, signal, reason, detail, at } = document;
        Self { code, signal, reason, detail, at: at.into() }
    }
}

/// `agent.fault`
#[derive(Serialize, Deserialize)]
pub(crate) struct FaultDocument {
    code: String,
    message: String,
}

impl From<AgentFault> for FaultDocument {
    fn from(AgentFault { code, message }: AgentFault) -> Self {
        Self { code, message }
    }
}

impl From<FaultDocument> for AgentFault {
    fn from(FaultDocument { code, message }: FaultDocument) -> Self {
        Self { code, message }
    }
}

/// `api_key.limits` and `organisation.limits`: a figure for each policy that has one.
pub(crate) type LimitsDocument = BTreeMap<String, u32>;

/// `oauth_client.secrets`
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SecretsDocument(Vec<SecretDocument>);

#[derive(Serialize, Deserialize)]
struct SecretDocument {
    digest: [u8; 32],
    created_at: Micros,
    expires_at: Option<Micros>,
}

impl From<Vec<ClientSecret>> for SecretsDocument {
    fn from(secrets: Vec<ClientSecret>) -> Self {
        let document = |ClientSecret { digest, created_at, expires_at }| SecretDocument {
            digest: digest.0,
            created_at: created_at.into(),
            expires_at: expires_at.map(Into::into),
        };
        Self(secrets.into_iter().map(document).collect())
    }
}

impl From<SecretsDocument> for Vec<ClientSecret> {
    fn from(SecretsDocument(secrets): SecretsDocument) -> Self {
        let secret = |SecretDocument { digest, created_at, expires_at }| ClientSecret {
            digest: Digest(digest),
            created_at: created_at.into(),
            expires_at: expires_at.map(Into::into),
        };
        secrets.into_iter().map(secret).collect()
    }
}

/// `oauth_client.redirect_uris`,
/// `api_key.permissions` and `api_key.projects`: words and identifiers.
pub(crate) type WordsDocument = Vec<String>;
