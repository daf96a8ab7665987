//! The settings in force as text, for `connix config`: TOML with dotted keys, secrets hidden.

use serde_json::Value;

use super::Settings;

/// One `key = value` per line; what is printed can be read back as a settings file, but for the masks.
pub(crate) fn text(settings: &Settings) -> anyhow::Result<String> {
    Ok(lines(settings)?.into_iter().map(|(key, value)| format!("{key} = {}\n", toml(&value))).collect())
}

/// JSON's texts, numbers and booleans are TOML's too.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{} = {}", Value::from(key.as_str()), toml(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// Each setting's dotted key and its value.
pub(crate) fn lines(settings: &Settings) -> anyhow::Result<Vec<(String, Value)>> {
    fn collect(prefix: &str, value: Value, into: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                    collect(&key, value, into);
                }
            }
            value => into.push((prefix.to_owned(), value)),
        }
    }
    let mut found = Vec::new();
    collect("", serde_json::to_value(settings)?, &mut found);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::load::{Flags, load};
    use super::*;

    #[test]
    fn secrets_are_hidden_and_what_is_printed_can_be_read_back() {
        let variables = [
            ("CONNIX_LLM__API_KEY", "sk-canary"),
            ("DATABASE_URL", "postgres://me:canary@host/db"),
            ("CONNIX_SERVER__CORS_ORIGINS", "https://a.example"),
        ];
        let settings =
            load(None, variables.map(|(name, value)| (name.into(), value.into())), &Flags::default()).unwrap();
        let printed = text(&settings).unwrap();
        assert!(!printed.contains("canary"), "{printed}");
        for line in [
            "server.listen = \"127.0.0.1:8080\"",
            "server.cors_origins = [\"https://a.example\"]",
            "database.url = \"postgres://me@host/db\"",
            "llm.api_key = \"***\"",
            "llm.base_url = \"\"",
            "rate_limits.enabled = true",
        ] {
            assert!(printed.lines().any(|found| found == line), "no line `{line}` in\n{printed}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &printed).unwrap();
        let again = load(Some(file.path()), [], &Flags::default()).unwrap();
        assert_eq!(text(&again).unwrap(), printed);
    }
}
