//! The rate limits that somebody has instead of everybody's, as they are sent and shown. They are called as the settings are.

use crate::body::Fields;
use connix_domain::rate_limit::{Overrides, Policy};
use schemars::JsonSchema;
use serde::Serialize;

/// The largest figure.
const MOST: u32 = 1_000_000_000;
const ISSUE: &str = "must be a whole number from 0 to 1000000000";
/// Of the limits that every request counts in: at 0 there would be no request to change them again.
const ISSUE_FOR_ALL: &str = "must be a whole number from 1 to 1000000000";

const COMMON: &[(&str, Policy)] = &[
    ("requests_per_hour", Policy::Hour),
    ("requests_per_minute", Policy::Minute),
    ("tokens_per_hour", Policy::Tokens),
];
const OF_AGENTS: &[(&str, Policy)] = &[
    ("list", Policy::AgentsList),
    ("create", Policy::AgentsCreate),
    ("get", Policy::AgentsGet),
    ("update", Policy::AgentsUpdate),
    ("delete", Policy::AgentsDelete),
    ("actions", Policy::AgentsActions),
    ("logs", Policy::AgentsLogs),
    ("metrics", Policy::AgentsMetrics),
];

/// Rate limits instead of everybody's; what is absent is as for everybody.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct RateLimits {
    /// Requests of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    requests_per_hour: Option<u32>,
    /// Requests of a minute, on routes without a limit of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    requests_per_minute: Option<u32>,
    /// Model tokens of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    tokens_per_hour: Option<u32>,
    /// Requests of a minute about agents.
    #[serde(skip_serializing_if = "AgentRateLimits::is_empty")]
    #[schemars(default)]
    agents: AgentRateLimits,
}

/// Requests of a minute about agents.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
struct AgentRateLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    list: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    create: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    get: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    update: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    delete: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    actions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    logs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    metrics: Option<u32>,
}

impl AgentRateLimits {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl RateLimits {
    /// Shows them.
    pub(crate) fn of(limits: &Overrides) -> Self {
        Self {
            requests_per_hour: limits.of(Policy::Hour),
            requests_per_minute: limits.of(Policy::Minute),
            tokens_per_hour: limits.of(Policy::Tokens),
            agents: AgentRateLimits {
                list: limits.of(Policy::AgentsList),
                create: limits.of(Policy::AgentsCreate),
                get: limits.of(Policy::AgentsGet),
                update: limits.of(Policy::AgentsUpdate),
                delete: limits.of(Policy::AgentsDelete),
                actions: limits.of(Policy::AgentsActions),
                logs: limits.of(Policy::AgentsLogs),
                metrics: limits.of(Policy::AgentsMetrics),
            },
        }
    }

    /// Reads `rate_limits`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Overrides> {
        fields.nested("rate_limits", |limits| {
            let mut own = named(limits, COMMON);
            own.extend(limits.nested("agents", |agents| named(agents, OF_AGENTS)).unwrap_or_default());
            own.into_iter().collect()
        })
    }
}

fn named(fields: &mut Fields<'_>, names: &[(&'static str, Policy)]) -> Vec<(Policy, u32)> {
    let mut figures = Vec::new();
    for (name, policy) in names {
        let (least, issue) = match policy {
            Policy::Hour | Policy::Minute => (1, ISSUE_FOR_ALL),
            _ => (0, ISSUE),
        };
        let Some(figure) = fields.integer(name, issue) else { continue };
        match u32::try_from(figure).ok().filter(|figure| (least..=MOST).contains(figure)) {
            Some(figure) => figures.push((*policy, figure)),
            None => fields.fault(name, issue),
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;
    use connix_domain::lifecycle::Words;
    use serde_json::json;

    #[test]
    fn every_policy_is_shown_and_read_back() {
        let all: Overrides = Policy::ALL.iter().zip(1..).map(|(policy, figure)| (*policy, figure)).collect();
        let body = JsonBody::of(&json!({ "rate_limits": RateLimits::of(&all) }));
        assert_eq!(RateLimits::read(&mut body.fields()), Some(all));
        assert_eq!(json!(RateLimits::of(&Overrides::default())), json!({}));
    }

    #[test]
    fn figures_are_whole_and_not_negative() {
        for figure in [json!(-1), json!(1.5), json!("1"), json!(1_000_000_001), json!(null)] {
            let body = JsonBody::of(&json!({ "rate_limits": { "agents": { "list": figure } } }));
            let mut fields = body.fields();
            RateLimits::read(&mut fields);
            let refused = fields.finish().unwrap_err();
            assert_eq!(refused.faults()[0].field, "rate_limits.agents.list", "{figure}");
        }
    }

    #[test]
    fn nobody_is_left_without_a_request_to_change_the_limits_again() {
        let body = JsonBody::of(&json!({ "rate_limits": { "requests_per_hour": 0, "tokens_per_hour": 0 } }));
        let mut fields = body.fields();
        RateLimits::read(&mut fields);
        let refused = fields.finish().unwrap_err();
        let named: Vec<_> = refused.faults().iter().map(|fault| fault.field.to_string()).collect();
        assert_eq!(named, ["rate_limits.requests_per_hour"]);
    }
}
