//! Somebody with a password at a browser.

use connix_tests::{Chromium, Member};

/// A member of an organisation, at a browser of its own.
pub(crate) struct Person {
    pub(crate) member: Member,
    pub(crate) browser: Chromium,
}

impl Person {
    /// At a browser where nobody has signed in.
    pub(crate) async fn new(member: Member) -> Self {
        Self { member, browser: Chromium::start().await }
    }

    /// Fills in the page for signing in, which is shown.
    pub(crate) async fn signs_in(&self) {
        self.tries(&self.member.password).await;
    }

    /// The same with another password.
    pub(crate) async fn tries(&self, password: &str) {
        self.browser.shows("Sign in").await;
        self.browser.tabs_to("E-mail address").await;
        self.browser.types(&self.member.email).await;
        self.browser.tabs_to("Password").await;
        self.browser.types(password).await;
        self.browser.enter().await;
    }

    /// Types the password where the address stands already.
    pub(crate) async fn tries_again(&self) {
        self.browser.tabs_to("Password").await;
        self.browser.types(&self.member.password).await;
        self.browser.enter().await;
    }

    /// Fills in the page for setting another password, which is shown.
    pub(crate) async fn changes_password(&self, current: &str, new: &str) {
        self.browser.tabs_to("Current password").await;
        self.browser.types(current).await;
        self.browser.tabs_to("New password").await;
        self.browser.types(new).await;
        self.browser.enter().await;
    }

    /// Presses the button, or follows the link, with this text.
    pub(crate) async fn chooses(&self, button: &str) {
        self.browser.tabs_to(button).await;
        self.browser.enter().await;
    }
}
