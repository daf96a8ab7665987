//! A text that may be a secret: as it is, or where it is read when the server starts.

use std::fs;
use std::path::PathBuf;

use connix_domain::port::secrets::Secret;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::MASK;

/// `"text"`, `{ file = "/path" }` or `{ env = "NAME" }`; the latter two with a `prefix` if need be, such as `"Bearer "`.
#[derive(Debug, Clone)]
pub(crate) struct SecretText {
    source: Source,
    prefix: String,
    /// What was read.
    text: Secret,
}

#[derive(Debug, Clone)]
enum Source {
    Given,
    File(PathBuf),
    Variable(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text, { file = … } or { env = … }")]
enum Written {
    Text(String),
    File(FromFile),
    Variable(FromVariable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromFile {
    file: PathBuf,
    #[serde(default)]
    prefix: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromVariable {
    env: String,
    #[serde(default)]
    prefix: String,
}

impl SecretText {
    /// Reads it where it is.
    ///
    /// # Errors
    /// In words: there is nothing.
    pub(crate) fn read(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        let read = match &self.source {
            Source::Given => return Ok(()),
            Source::File(path) => fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?,
            Source::Variable(name) => variable(name).ok_or(format!("the environment variable {name} is not set"))?,
        };
        let read = read.trim_end_matches(['\r', '\n']);
        if read.is_empty() {
            return Err("what it names is empty".to_owned());
        }
        self.text = Secret::new(format!("{}{read}", self.prefix));
        Ok(())
    }

    /// The text.
    pub(crate) fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What must not be shown of it, given its name: all of it but the prefix and a scheme such as `Bearer`; `None` when it
    /// stands in the settings and looks like no credential.
    pub(crate) fn secret(&self, name: &str) -> Option<&str> {
        let text = self.expose();
        let secret = text.strip_prefix(&self.prefix).unwrap_or(text);
        let is_secret = !matches!(self.source, Source::Given) || connix_domain::agent::mask(name, text).is_some();
        is_secret.then(|| secret.split_once(' ').map_or(secret, |(_, credential)| credential))
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let nothing = || Secret::new("");
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(text) => Self { source: Source::Given, prefix: String::new(), text: Secret::new(text) },
            Written::File(FromFile { file, prefix }) => Self { source: Source::File(file), prefix, text: nothing() },
            Written::Variable(FromVariable { env, prefix }) => {
                Self { source: Source::Variable(env), prefix, text: nothing() }
            }
        })
    }
}

/// Where it is read, or a mask.
impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = match &self.source {
            Source::Given => return serializer.serialize_str(MASK),
            Source::File(path) => ("file", path.display().to_string()),
            Source::Variable(name) => ("env", name.clone()),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(key, &value)?;
        if !self.prefix.is_empty() {
            map.serialize_entry("prefix", &self.prefix)?;
        }
        map.end()
    }
}
