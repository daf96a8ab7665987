//! What a `connix` process of a test finds in its environment: nothing of ours but the search path and its settings.

use std::process::Command;

/// Clears the environment of `command` and gives it the search path and `settings`.
pub(crate) fn isolate<'a>(command: &mut Command, settings: impl IntoIterator<Item = (&'a str, &'a str)>) {
    command.env_clear().envs(settings);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
}
