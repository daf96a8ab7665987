//! The text of an invitation: what the link holds with which a member sets its password.
//!
//! `cxi_` + secret (43 base62, 256 bits).

use crate::base62;

const PREFIX: &str = "cxi_";
const SECRET_LENGTH: usize = 43;

/// A new one.
pub(crate) fn generate() -> String {
    format!("{PREFIX}{}", base62::random(SECRET_LENGTH))
}

/// Whether `text` has the form of one.
pub(crate) fn is_one(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|secret| secret.len() == SECRET_LENGTH && base62::is_base62(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_form_is_refused() {
        let good = generate();
        assert!(is_one(&good));
        for bad in ["", "cxi_", &good[1..], &good[..good.len() - 1], &format!("{good}0"), &good.replace("cxi_", "cxr_")]
        {
            assert!(!is_one(bad), "{bad}");
        }
    }
}
