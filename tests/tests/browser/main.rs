//! The pages for people, in a browser: signing in, letting an application act, and how it all looks. Each case runs on both stores.
//!
//! The browser is a headless Chromium in which pages cannot run scripts, used by the keyboard alone; the application is a native one that
//! speaks with the `oauth2` crate, which knows nothing of ours.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod application;
mod authorizing;
mod looks;
mod person;
mod provider;
