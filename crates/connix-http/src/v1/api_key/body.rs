//! What is sent to make, change or replace an API key.

use crate::body::{Echo, Fields, JsonBody, one_of};
use crate::openapi::Nullable;
use crate::problem::{Problem, Situation};
use crate::rfc3339;
use crate::v1::project::{ProjectReference, reference};
use crate::v1::rate_limits::RateLimits;
use connix_application::{KeyOrder, KeyUpdate, ProjectRef};
use connix_domain::Timestamp;
use connix_domain::lifecycle::Words;
use connix_domain::name::KeyName;
use connix_domain::permission::{Permission, Permissions, Scope};
use schemars::JsonSchema;
use serde_json::Value;

/// A new API key.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `order` reads")]
pub(crate) struct CreateApiKey {
    #[schemars(length(min = 1, max = 100))]
    name: String,
    #[serde(flatten)]
    rest: KeyFields,
}

/// What is to change of an API key; the rest stays.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the body that `update` reads")]
pub(crate) struct PatchApiKey {
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    #[serde(flatten)]
    rest: KeyFields,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents the bodies that `order` and `update` read")]
struct KeyFields {
    /// `read`, `write`; with `permissions`, both together. A new key without either has `write`, as far as you have it.
    scopes: Option<Vec<String>>,
    /// Single permissions, such as `data.projects.read`; none that you do not have.
    permissions: Option<Vec<String>>,
    /// The only projects it is to reach: integers, `proj_…` or canonical names.
    projects: Option<Nullable<Vec<ProjectReference>>>,
    rate_limits: Option<RateLimits>,
    /// At most 730 days from now; a new key lives 365 days without it.
    expires_at: Option<String>,
}

/// Reads a new key.
///
/// # Errors
/// Every broken field.
pub(super) fn order(body: &JsonBody) -> Result<KeyOrder, Problem> {
    let mut fields = body.fields();
    fields.require("name");
    let name = name(&mut fields);
    let permissions = permissions(&mut fields);
    let projects = projects(&mut fields).flatten();
    let limits = RateLimits::read(&mut fields).unwrap_or_default();
    let expires_at = instant(&mut fields);
    fields.finish()?;
    let name = name.ok_or_else(|| Problem::from(Situation::Invalid))?;
    Ok(KeyOrder { name, permissions, projects, limits, expires_at })
}

/// Reads a change, and what was sent back of the keys that the service owns.
///
/// # Errors
/// Every broken field.
pub(super) fn update(body: &JsonBody) -> Result<(KeyUpdate, Echo<'_>), Problem> {
    let mut fields = body.fields();
    let (name, permissions, projects) = (name(&mut fields), permissions(&mut fields), projects(&mut fields));
    let limits = RateLimits::read(&mut fields);
    let mut echo = fields.owned(&["id", "status", "user_id", "replaced_by", "created_at", "updated_at"]);
    // a key without an end may be sent back as it was read
    let expires_at = if fields.any("expires_at") == Some(&Value::Null) {
        echo = echo.and(fields.owned(&["expires_at"]));
        None
    } else {
        instant(&mut fields)
    };
    fields.ignored(&["last_used_at"]);
    fields.finish()?;
    Ok((KeyUpdate { name, permissions, projects, limits, expires_at }, echo))
}

fn name(fields: &mut Fields<'_>) -> Option<KeyName> {
    let text = fields.string("name")?;
    fields.parsed("name", KeyName::parse(text))
}

/// `scopes` and `permissions` together; `None` when there is neither.
fn permissions(fields: &mut Fields<'_>) -> Option<Permissions> {
    let scopes = words::<Scope>(fields, "scopes");
    let single = words::<Permission>(fields, "permissions");
    if scopes.is_none() && single.is_none() {
        return None;
    }
    let held: Permissions = single.unwrap_or_default().into_iter().collect();
    let held = scopes.unwrap_or_default().into_iter().map(Scope::permissions).fold(held, Permissions::union);
    if held.is_empty() {
        fields.fault("permissions", "must hold at least one, or scopes");
    }
    Some(held)
}

/// A list of words; each entry that is none of them is a fault of its own.
fn words<W: Words>(fields: &mut Fields<'_>, key: &'static str) -> Option<Vec<W>> {
    let list = list(fields, key)?;
    let texts = fields.strings_of(key, list);
    let mut words = Vec::new();
    for text in texts {
        match W::ALL.iter().find(|word| word.as_str() == text) {
            Some(word) => words.push(*word),
            None => fields.fault(key, format!("does not know '{text}': each {}", one_of(W::ALL))),
        }
    }
    Some(words)
}

/// `projects`: a list of references; `Some(None)` is an explicit `null`.
fn projects(fields: &mut Fields<'_>) -> Option<Option<Vec<ProjectRef>>> {
    if fields.any("projects")? == &Value::Null {
        return Some(None);
    }
    let list = list(fields, "projects")?;
    let mut projects = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        match reference(entry) {
            Some(project) => projects.push(project),
            None => fields.fault(&format!("projects[{index}]"), "must be an integer, a proj_ id or a canonical name"),
        }
    }
    Some(Some(projects))
}

fn list<'b>(fields: &mut Fields<'b>, key: &'static str) -> Option<&'b [Value]> {
    let list = fields.any(key)?.as_array();
    if list.is_none() {
        fields.fault(key, "must be a list");
    }
    list.map(Vec::as_slice)
}

fn instant(fields: &mut Fields<'_>) -> Option<Timestamp> {
    let text = fields.string("expires_at")?;
    let at = rfc3339::parse(text);
    if at.is_none() {
        fields.fault("expires_at", "must be an RFC 3339 time or a date");
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scopes_and_permissions_come_together() {
        let body = JsonBody::of(&json!({"name": "ci", "scopes": ["read"], "permissions": ["org.audit.read"]}));
        let held = order(&body).unwrap().permissions.unwrap();
        assert_eq!(held, Scope::Read.permissions().union([Permission::AuditRead].into_iter().collect()));
        assert_eq!(order(&JsonBody::of(&json!({"name": "ci"}))).unwrap().permissions, None);
    }

    #[test]
    fn every_bad_field_is_named() {
        let body = json!({
            "name": "", "scopes": ["all"], "permissions": [1], "projects": [true], "rate_limits": {"hour": 1},
            "expires_at": "soon", "key": "cx_mine",
        });
        let refused = order(&JsonBody::of(&body)).unwrap_err();
        let fields: Vec<_> = refused.faults().iter().map(|fault| fault.field.as_str()).collect();
        for field in ["name", "scopes", "permissions[0]", "projects[0]", "rate_limits.hour", "expires_at", "key"] {
            assert!(fields.contains(&field), "{field}: {fields:?}");
        }
    }
}
