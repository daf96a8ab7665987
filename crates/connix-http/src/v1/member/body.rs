//! What is sent to add or change a member.

use crate::body::{Echo, Fields, JsonBody};
use crate::problem::{Problem, Situation};
use connix_domain::member::{EmailAddress, MemberChange};
use connix_domain::role::Role;
use schemars::JsonSchema;
use serde_json::Value;

/// A new member.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
pub(crate) struct CreateMember {
    #[schemars(length(max = 254))]
    email: String,
    #[schemars(extend("enum" = ["viewer", "member", "admin", "owner"]))]
    role: String,
}

/// What is to change of a member; the rest stays.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `change` reads")]
pub(crate) struct PatchMember {
    #[schemars(length(max = 254))]
    email: Option<String>,
    #[schemars(extend("enum" = ["viewer", "member", "admin", "owner"]))]
    role: Option<String>,
    /// Nothing acts for a disabled member: neither a sign-in nor a key.
    disabled: Option<bool>,
}

/// Reads a new member.
///
/// # Errors
/// Every broken field.
pub(super) fn order(body: &JsonBody) -> Result<(EmailAddress, Role), Problem> {
    let mut fields = body.fields();
    fields.require("email");
    let email = email(&mut fields);
    fields.require("role");
    let role = fields.word::<Role>("role");
    fields.finish()?;
    email.zip(role).ok_or_else(|| Situation::Invalid.into())
}

/// Reads a change, and what was sent back of the keys that the service owns.
///
/// # Errors
/// Every broken field.
pub(super) fn change(body: &JsonBody) -> Result<(MemberChange, Echo<'_>), Problem> {
    let mut fields = body.fields();
    let mut echo = fields.owned(&["id", "created_at", "updated_at"]);
    // a status is what came of other things, but whoever says so means to disable or enable
    let disabled = match fields.any("status").and_then(Value::as_str) {
        Some("disabled") => Some(true),
        Some("active") => Some(false),
        _ => None,
    };
    if disabled.is_none() {
        echo = echo.and(fields.owned(&["status"]));
    }
    // who never had an address may be sent back so
    let email = if fields.any("email") == Some(&Value::Null) {
        echo = echo.and(fields.owned(&["email"]));
        None
    } else {
        email(&mut fields)
    };
    let change = MemberChange { email, role: fields.word("role"), disabled: fields.flag("disabled").or(disabled) };
    fields.finish()?;
    Ok((change, echo))
}

fn email(fields: &mut Fields<'_>) -> Option<EmailAddress> {
    let text = fields.string("email")?;
    fields.parsed("email", EmailAddress::parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_needs_an_address_and_a_role() {
        let good = order(&JsonBody::of(&json!({"email": "ada@example.com", "role": "admin"}))).unwrap();
        assert_eq!((good.0.as_str(), good.1), ("ada@example.com", Role::Admin));
        let faults = |body| {
            let refused = order(&JsonBody::of(&body)).unwrap_err();
            refused.faults().iter().map(|fault| fault.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(faults(json!({})), ["email", "role"]);
        assert_eq!(faults(json!({"email": "ada", "role": "god", "password": "x"})), ["email", "role", "password"]);
    }
}
