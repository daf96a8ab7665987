//! Where settings come from: the defaults, a file, the environment, the flags. A later source wins key by key, and a key that no
//! default documents is refused wherever it stands.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use config::builder::DefaultState;
use config::{Config, ConfigBuilder, ConfigError, File, FileFormat, Source, Value, ValueKind};

use super::{HttpUrl, Settings, mcp};

/// Every setting with its default and its meaning.
pub(crate) const DEFAULTS: &str = include_str!("../../../../config/default.toml");

const PREFIX: &str = "CONNIX_";

/// What the command line says of settings.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    pub(crate) data_dir: Option<String>,
    pub(crate) database_url: Option<String>,
    pub(crate) listen: Option<String>,
}

/// The settings in force.
///
/// # Errors
/// A setting that does not exist, or whose value is of the wrong kind, by its name and where it stands.
pub(crate) fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    flags: &Flags,
) -> anyhow::Result<Settings> {
    let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)).build()?;
    let known = leaves(&defaults)?;
    let environment: Vec<_> = environment.into_iter().collect();
    let mut sources = Config::builder().add_source(defaults);
    if let Some(path) = file {
        sources = sources.add_source(read_file(path, &known)?);
    }
    for (key, value) in read_environment(&environment, &known)? {
        sources = sources.set_override(key, value)?;
    }
    let merged = with_flags(sources, flags)?.build()?;
    let complete = with_embedded_store(merged)?;
    let origins = leaves(&complete)?;
    let mut settings: Settings = complete.try_deserialize().map_err(|error| bad_setting(error, &origins))?;
    mcp::complete(&mut settings.tools.mcp, |name| variable(&environment, name))?;
    settings.identity.upstream.provider()?;
    Ok(with_public_url(settings))
}

/// Adds to an error where the value came from; `config` knows it only of values of the wrong type.
fn bad_setting(error: ConfigError, origins: &BTreeMap<String, Value>) -> anyhow::Error {
    let origin = match &error {
        ConfigError::At { key: Some(key), .. } => {
            let key = key.split('[').next().unwrap_or(key);
            origins.get(key).and_then(Value::origin)
        }
        _ => None,
    };
    match origin {
        Some(origin) => anyhow!("bad setting: {error} in {origin}"),
        None => anyhow!("bad setting: {error}"),
    }
}

/// The default of `database.url`.
fn with_embedded_store(merged: Config) -> anyhow::Result<Config> {
    if !merged.get_string("database.url")?.is_empty() {
        return Ok(merged);
    }
    let embedded = format!("sqlite://{}/connix.db", merged.get_string("data_dir")?);
    Ok(Config::builder().add_source(merged).set_override("database.url", embedded)?.build()?)
}

/// The default of `server.public_url`; with port 0 it is known only when the listener is bound.
fn with_public_url(mut settings: Settings) -> Settings {
    let listen = settings.server.listen;
    if settings.server.public_url.is_none() && listen.port() != 0 {
        settings.server.public_url = Some(HttpUrl::of_listener(listen));
    }
    settings
}

/// The dotted keys of a configuration that hold values rather than tables.
fn leaves(config: &Config) -> anyhow::Result<BTreeMap<String, Value>> {
    fn collect(prefix: &str, value: Value, into: &mut BTreeMap<String, Value>) {
        match value.kind {
            ValueKind::Table(table) => {
                for (key, value) in table {
                    collect(&format!("{prefix}.{key}"), value, into);
                }
            }
            _ => {
                into.insert(prefix.to_owned(), value);
            }
        }
    }
    let mut found = BTreeMap::new();
    for (key, value) in config.collect()? {
        collect(&key, value, &mut found);
    }
    Ok(found)
}

fn read_file(path: &Path, known: &BTreeMap<String, Value>) -> anyhow::Result<Config> {
    let config = Config::builder().add_source(File::from(path).format(FileFormat::Toml)).build()?;
    for key in leaves(&config)?.keys() {
        if !known.contains_key(key) {
            bail!("unknown setting `{key}` in {}", path.display());
        }
    }
    Ok(config)
}

/// What the environment sets. `DATABASE_URL` comes first, so that the longer and more telling name wins.
fn read_environment(
    environment: &[(OsString, OsString)],
    known: &BTreeMap<String, Value>,
) -> anyhow::Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str() else { continue };
        let key = match name.strip_prefix(PREFIX) {
            Some(rest) => rest.to_ascii_lowercase().replace("__", "."),
            None if name == "DATABASE_URL" && !value.is_empty() => "database.url".to_owned(),
            None => continue,
        };
        let Some(default) = known.get(&key) else {
            bail!("unknown setting `{key}`, from the environment variable {name}");
        };
        let text = value.to_str().with_context(|| format!("the environment variable {name} is not UTF-8"))?;
        let kind = match default.kind {
            ValueKind::Array(_) if text.trim_start().starts_with('[') => {
                toml(text).with_context(|| format!("{key}, from the environment variable {name}"))?
            }
            ValueKind::Array(_) => ValueKind::Array(items(text).map(|item| Value::new(None, item)).collect()),
            _ => ValueKind::from(text),
        };
        found.push((key, Value::new(Some(&format!("the environment variable {name}")), kind), name != "DATABASE_URL"));
    }
    found.sort_by_key(|(_, _, specific)| *specific);
    Ok(found.into_iter().map(|(key, value, _)| (key, value)).collect())
}

/// A list as TOML writes it, for items that are no single texts.
fn toml(text: &str) -> anyhow::Result<ValueKind> {
    let document = File::from_str(&format!("list = {text}"), FileFormat::Toml);
    // the fault would repeat the text, which may hold a secret
    let parsed = Config::builder().add_source(document).build().and_then(|parsed| parsed.get::<Value>("list"));
    parsed.map(|list| list.kind).map_err(|_| anyhow!("expected a list as TOML writes it"))
}

fn variable(environment: &[(OsString, OsString)], wanted: &str) -> Option<String> {
    let found = environment.iter().find(|(name, _)| name == wanted);
    found.and_then(|(_, value)| value.to_str().map(str::to_owned))
}

/// The items of a comma-separated list; an empty text is an empty list.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn with_flags(mut sources: ConfigBuilder<DefaultState>, flags: &Flags) -> anyhow::Result<ConfigBuilder<DefaultState>> {
    for (key, flag, value) in [
        ("data_dir", "--data-dir", &flags.data_dir),
        ("database.url", "--database-url", &flags.database_url),
        ("server.listen", "--listen", &flags.listen),
    ] {
        if let Some(text) = value {
            sources = sources.set_override(key, Value::new(Some(&flag.to_owned()), text.as_str()))?;
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_environment(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        load(None, variables.iter().map(|(name, value)| (name.into(), value.into())), &Flags::default())
    }

    fn file_of(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn refusal(result: anyhow::Result<Settings>) -> String {
        format!("{:#}", result.unwrap_err())
    }

    #[test]
    fn every_setting_of_the_program_is_in_the_default_file_and_every_one_of_the_file_in_the_program() {
        // A missing key fails, since no field has another default; a key too many fails by deny_unknown_fields.
        let settings = from_environment(&[]).unwrap();
        let program: Vec<String> =
            super::super::print::lines(&settings).unwrap().into_iter().map(|(key, _)| key).collect();
        let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)).build().unwrap();
        let file: Vec<String> = leaves(&defaults).unwrap().into_keys().collect();
        let sorted = |mut keys: Vec<String>| {
            keys.sort();
            keys
        };
        assert_eq!(sorted(program), sorted(file));
    }

    #[test]
    fn every_setting_of_the_default_file_is_explained_above_it() {
        let mut above = "";
        for line in DEFAULTS.lines() {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(above.starts_with('#'), "no comment above `{line}`");
            }
            above = line;
        }
    }

    #[test]
    fn the_example_files_are_accepted() {
        for name in ["local.toml", "production.toml"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(name);
            load(Some(&path), [], &Flags::default()).unwrap();
        }
    }

    #[test]
    fn a_later_source_wins_key_by_key() {
        let file = file_of("data_dir = \"/file\"\n[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\n");
        let environment =
            [("CONNIX_SERVER__LISTEN".into(), "127.0.0.1:2".into()), ("CONNIX_DATA_DIR".into(), "/env".into())];
        let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), ..Flags::default() };
        let settings = load(Some(file.path()), environment, &flags).unwrap();
        assert_eq!(settings.server.listen.port(), 3);
        assert_eq!(settings.data_dir, Path::new("/env"));
        assert_eq!(settings.log.level.to_string(), "warn");
        assert_eq!(settings.operations.listen.port(), 9090);
    }

    #[test]
    fn lists_in_the_environment_are_separated_by_commas() {
        let settings = from_environment(&[
            ("CONNIX_WEBHOOKS__RETRY_SCHEDULE_SECONDS", "0, 1,2"),
            ("CONNIX_SERVER__CORS_ORIGINS", "https://a.example,https://b.example"),
            ("CONNIX_TOOLS__ALLOW_CIDRS", ""),
        ])
        .unwrap();
        assert_eq!(settings.webhooks.retry_schedule_seconds, [0, 1, 2]);
        assert_eq!(settings.server.cors_origins.len(), 2);
        assert!(settings.tools.allow_cidrs.is_empty());
    }

    #[test]
    fn a_secret_of_digits_stays_the_text_it_is() {
        let settings = from_environment(&[("CONNIX_LLM__API_KEY", "007")]).unwrap();
        assert_eq!(settings.llm.api_key.unwrap().expose(), "007");
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name_wherever_it_stands() {
        let message = refusal(from_environment(&[("CONNIX_SERVER__LISTN", "x")]));
        assert!(message.contains("server.listn") && message.contains("CONNIX_SERVER__LISTN"), "{message}");
        for (text, key) in [("[server]\nlistn = \"x\"", "server.listn"), ("x = 1", "`x`"), ("server = 3", "`server`")] {
            let file = file_of(text);
            let message = refusal(load(Some(file.path()), [], &Flags::default()));
            assert!(message.contains(key) && message.contains(&file.path().display().to_string()), "{message}");
        }
    }

    #[test]
    fn a_bad_value_is_refused_with_its_name_and_its_source() {
        for (name, value, key) in [
            ("CONNIX_SERVER__LISTEN", "everywhere", "server.listen"),
            ("CONNIX_SERVER__PUBLIC_URL", "localhost", "server.public_url"),
            ("CONNIX_SERVER__CORS_ORIGINS", "https://a.example,b", "server.cors_origins"),
            ("CONNIX_RUNTIME__KIND", "pods", "runtime.kind"),
            ("CONNIX_IDENTITY__SIGNING_ALGORITHM", "HS256", "identity.signing_algorithm"),
            ("CONNIX_IDENTITY__UPSTREAM__ISSUER", "http://id.example", "identity.upstream.issuer"),
            ("CONNIX_RATE_LIMITS__ENABLED", "maybe", "rate_limits.enabled"),
            ("CONNIX_RATE_LIMITS__REQUESTS_PER_HOUR", "-1", "rate_limits.requests_per_hour"),
            ("CONNIX_WEBHOOKS__ALLOW_CIDRS", "10.0.0.0/33", "webhooks.allow_cidrs"),
            ("CONNIX_DATABASE__URL", "mysql://host", "database.url"),
            ("CONNIX_LOG__LEVEL", "inof", "log.level"),
            ("CONNIX_RUNTIME__LEASE_SECONDS", "2", "runtime.lease_seconds"),
            ("CONNIX_RUNTIME__LEASE_SECONDS", "86401", "runtime.lease_seconds"),
            ("CONNIX_RUNTIME__STALL_SECONDS", "0", "runtime.stall_seconds"),
            ("CONNIX_RUNTIME__STALL_SECONDS", "18446744073709551615", "runtime.stall_seconds"),
            ("CONNIX_TELEMETRY__RETENTION_DAYS", "0", "telemetry.retention_days"),
            ("CONNIX_TELEMETRY__RETENTION_DAYS", "36501", "telemetry.retention_days"),
        ] {
            let message = refusal(from_environment(&[(name, value)]));
            assert!(message.contains(key) && message.contains(name), "{name}: {message}");
        }
        let file = file_of("[server]\nlisten = \"everywhere\"");
        let message = refusal(load(Some(file.path()), [], &Flags::default()));
        // by its name: from a folder beside it the path is told as a relative one
        let name = file.path().file_name().unwrap().to_string_lossy();
        assert!(message.contains("server.listen") && message.contains(&*name), "{message}");
        let message = refusal(load(Some(Path::new("/nowhere.toml")), [], &Flags::default()));
        assert!(message.contains("/nowhere.toml"), "{message}");
    }

    #[test]
    fn the_store_is_named_by_the_flag_or_the_environment_or_lies_in_the_data_folder() {
        let url = |settings: Settings| settings.database.url.to_string();
        assert_eq!(url(from_environment(&[("CONNIX_DATA_DIR", "/data")]).unwrap()), "sqlite:///data/connix.db");
        let both = [("CONNIX_DATABASE__URL", "postgres://b/b"), ("DATABASE_URL", "postgres://a/a")];
        assert_eq!(url(from_environment(&both[1..]).unwrap()), "postgres://a/a");
        assert_eq!(url(from_environment(&both).unwrap()), "postgres://b/b");
    }

    #[test]
    fn the_public_address_is_the_listener_s_unless_it_is_set() {
        let public = |settings: Settings| settings.server.public_url.map(|url| url.to_string());
        assert_eq!(public(from_environment(&[]).unwrap()), Some("http://127.0.0.1:8080".to_owned()));
        assert_eq!(public(from_environment(&[("CONNIX_SERVER__LISTEN", "127.0.0.1:0")]).unwrap()), None);
        let set = from_environment(&[("CONNIX_SERVER__PUBLIC_URL", "https://connix.example.com/")]).unwrap();
        assert_eq!(public(set), Some("https://connix.example.com".to_owned()));
    }
}
