//! The body of a call that puts another credential in the place of one.

use crate::body::JsonBody;
use crate::problem::Problem;
use connix_domain::grace::Grace;
use schemars::JsonSchema;

/// How a credential is replaced.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `grace` reads")]
pub(crate) struct RotateCredential {
    /// How many seconds the old one goes on working; a day without it.
    #[schemars(range(min = 0, max = 604_800))]
    grace_seconds: Option<i64>,
}

/// How long the old credential goes on working.
///
/// # Errors
/// 400 for what is no time of grace.
pub(super) fn grace(body: &JsonBody) -> Result<Grace, Problem> {
    const ISSUE: &str = "must be a whole number from 0 to 604800";
    let mut fields = body.fields();
    let grace = fields.integer("grace_seconds", ISSUE).map(Grace::seconds);
    if grace == Some(None) {
        fields.fault("grace_seconds", ISSUE);
    }
    fields.finish()?;
    Ok(grace.flatten().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_grace_is_a_day_unless_it_is_given() {
        assert_eq!(grace(&JsonBody::of(&json!({}))).unwrap(), Grace::default());
        assert_eq!(Some(grace(&JsonBody::of(&json!({"grace_seconds": 0}))).unwrap()), Grace::seconds(0));
        for bad in [json!(-1), json!(604_801), json!("1"), json!(0.5)] {
            assert!(grace(&JsonBody::of(&json!({"grace_seconds": bad}))).is_err(), "{bad}");
        }
    }
}
