//! What tells one browser from another before anybody is signed in, and a form of ours from a forged one.

use super::SignedIn;
use crate::app::App;
use connix_domain::api_key::Digest;
use connix_domain::port::oauth::Opaque;

impl App {
    /// Something to tell a browser by: a credential of nothing, which nobody can guess.
    pub fn new_browser(&self) -> String {
        self.ports.opaque.mint(Opaque::BrowserSession).0.expose().to_owned()
    }

    /// Whether a text can have come from [`Self::new_browser`].
    pub fn is_browser(&self, text: &str) -> bool {
        self.ports.opaque.read(Opaque::BrowserSession, text).is_some()
    }

    /// The token that forms of a browser and its session carry.
    pub fn form_token(&self, browser: &str, user: Option<&SignedIn>) -> String {
        hexadecimal(&self.form_mark(browser, user))
    }

    /// Whether a form carries the token of this browser and session. Compares in constant time.
    pub fn is_form_token(&self, shown: &str, browser: &str, user: Option<&SignedIn>) -> bool {
        // marks of marks: what is compared says nothing of what is right
        let blind = |token: &str| self.ports.opaque.mark("form-token", token);
        self.ports.credentials.same(&blind(shown), &blind(&self.form_token(browser, user)))
    }

    fn form_mark(&self, browser: &str, user: Option<&SignedIn>) -> Digest {
        let session = user.map(|user| user.session.id.to_string()).unwrap_or_default();
        self.ports.opaque.mark("form", &format!("{browser}/{session}"))
    }
}

/// A mark as text.
pub(super) fn hexadecimal(mark: &Digest) -> String {
    mark.0.iter().map(|byte| format!("{byte:02x}")).collect()
}
