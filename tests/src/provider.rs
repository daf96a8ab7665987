//! The provider through which people may sign in besides: the testkit's fake one.

use connix_testkit::fake_provider::{CLIENT, SECRET};

use crate::Settings;

/// What the operator calls it.
pub const PROVIDER: &str = "Example ID";

impl Settings {
    /// [`Settings::for_tests`] with the provider that is this issuer.
    pub fn with_provider(issuer: &str) -> Self {
        Self::for_tests()
            .with("identity.upstream.issuer", issuer)
            .with("identity.upstream.client_id", CLIENT)
            .with("identity.upstream.client_secret", SECRET)
            .with("identity.upstream.name", PROVIDER)
    }
}
