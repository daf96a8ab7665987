//! The text of a worker's token: what one incarnation of an agent shows on `/api/v1/worker`.
//!
//! `cxw_` + organisation (16 hex) + agent (16 hex) + `_` + secret (43 base62, 256 bits). It names its agent, so that the check reads one
//! row by its key; which incarnation it is good for is stored beside its digest.

use crate::base62;

const PREFIX: &str = "cxw_";
const ID_LENGTH: usize = 16;
const SECRET_LENGTH: usize = 43;

/// A new token of this agent.
pub(crate) fn generate(organisation: u64, agent: u64) -> String {
    format!("{PREFIX}{organisation:016x}{agent:016x}_{}", base62::random(SECRET_LENGTH))
}

/// The organisation and the agent inside `text`, or nothing when `text` is not the text of a worker's token.
pub(crate) fn parse(text: &str) -> Option<(u64, u64)> {
    let (ids, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let well_formed = ids.len() == 2 * ID_LENGTH
        && ids.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && secret.len() == SECRET_LENGTH
        && base62::is_base62(secret);
    if !well_formed {
        return None;
    }
    let (organisation, agent) = ids.split_at(ID_LENGTH);
    Some((u64::from_str_radix(organisation, 16).ok()?, u64::from_str_radix(agent, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_agent_s_token_in_another_form_is_refused() {
        let secret = "s".repeat(43);
        let good = format!("cxw_00000000000000ab00000000000000cd_{secret}");
        assert_eq!(parse(&good), Some((0xab, 0xcd)));
        for bad in [
            good.to_uppercase(),
            good.replace("ab", "AB"),
            good.replace("cxw_", "cx_"),
            format!("{good}x"),
            format!(" {good}"),
            good.replacen('_', "-", 2),
            good.replace("00000000000000ab", "+0000000000000ab"),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_generated_token_names_its_agent(organisation: u64, agent: u64) {
            prop_assert_eq!(parse(&generate(organisation, agent)), Some((organisation, agent)));
        }

        #[test]
        fn any_text_is_answered_without_a_panic(text in "(cxw_)?\\PC{0,80}") {
            parse(&text);
        }
    }
}
