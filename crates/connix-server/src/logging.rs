//! The log, on standard error: standard output belongs to what a command answers.

use std::io::{self, IsTerminal};

use crate::settings::{Log, LogFormat};

/// Starts logging; to be called once.
pub(crate) fn start(settings: &Log) {
    let text = match settings.format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(settings.level.filter());
    if text {
        log.with_ansi(io::stderr().is_terminal()).init();
    } else {
        log.json().flatten_event(true).with_current_span(false).init();
    }
}
