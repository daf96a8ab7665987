//! Settings: where they come from, how they are shown, what is refused.

use std::fs;

use connix_tests::{Installation, Settings, Store};

const SECRET: &str = "sk-very-secret-value";

fn installation(settings: Settings) -> Installation {
    Installation::new(Store::Sqlite, settings)
}

fn printed(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.run(arguments);
    assert_eq!(output.code, Some(0), "{output:?}");
    output.stdout
}

#[test]
fn the_effective_settings_are_printed_with_secrets_hidden() {
    let settings = Settings::for_tests().with("llm.api_key", SECRET).with("llm.default_model", "my-model");
    let installation = installation(settings.with("database.url", format!("postgres://u:{SECRET}@127.0.0.1/x")));
    let printed = printed(&installation, &["config"]);
    assert!(printed.contains("my-model") && printed.contains(&installation.listen.to_string()), "{printed}");
    for key in ["requests_per_hour", "base_url", "data_dir", "cors_origins", "sandbox", "public_url"] {
        assert!(printed.contains(key), "{key}: {printed}");
    }
    assert!(!printed.contains(SECRET), "{printed}");
}

#[test]
fn a_file_is_overruled_by_the_environment_and_that_by_a_flag() {
    let mut installation = installation(Settings::for_tests());
    let file = installation.folder().join("connix.toml");
    let text = "[llm]\ndefault_model = \"from-file\"\nbase_url = \"http://127.0.0.1:1/v1\"\n[server]\nlisten = \"127.0.0.1:1\"\n";
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap().to_owned();
    let from_file = printed(&installation, &["config", "--config", &file]);
    assert!(from_file.contains("from-file") && from_file.contains("http://127.0.0.1:1/v1"), "{from_file}");
    assert!(from_file.contains(&installation.listen.to_string()), "the environment overrules: {from_file}");
    installation.set("llm.default_model", "from-environment");
    let overruled = printed(&installation, &["config", "--config", &file]);
    assert!(overruled.contains("from-environment") && !overruled.contains("from-file"), "{overruled}");
    let flag = printed(&installation, &["config", "--database-url", "sqlite:///tmp/from-flag.db"]);
    assert!(flag.contains("from-flag.db"), "{flag}");
}

#[test]
fn a_bad_or_unknown_setting_stops_the_start_with_its_name() {
    let table = [
        ("server.colour", "blue", "server.colour"),
        ("colour.scheme", "blue", "colour"),
        ("server.listen", "nowhere", "server.listen"),
        ("rate_limits.enabled", "perhaps", "rate_limits.enabled"),
        ("rate_limits.requests_per_hour", "-5", "rate_limits.requests_per_hour"),
        ("runtime.kind", "mars", "runtime.kind"),
        ("runtime.sandbox", "loose", "runtime.sandbox"),
    ];
    for (key, value, named) in table {
        let installation = installation(Settings::for_tests().with(key, value));
        // The environment of the command comes first, so that the harness's own addresses do not repair it.
        let mut command = installation.command(&["serve"]);
        command.env(format!("CONNIX_{}", key.replace('.', "__").to_uppercase()), value);
        let output = command.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code().is_some_and(|code| code != 0), "{key}={value}: {message}");
        assert!(message.contains(named), "{key}={value}: {message}");
        assert!(!installation.data_folder().join("connix.db").exists(), "{key}: nothing was made");
    }
}

#[test]
fn a_setting_of_the_file_that_is_not_known_is_named() {
    let installation = installation(Settings::for_tests());
    let file = installation.folder().join("connix.toml");
    fs::write(&file, "[server]\nlissen = \"127.0.0.1:1\"\n").unwrap();
    let output = installation.run(&["config", "--config", file.to_str().unwrap()]);
    assert!(output.code != Some(0) && output.stderr.contains("lissen"), "{output:?}");
    let output = installation.run(&["config", "--config", "/no/such/file.toml"]);
    assert!(output.code != Some(0) && output.stderr.contains("/no/such/file.toml"), "{output:?}");
}
