//! How the budgets stand that a call was taken from, as headers (contract section 3).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use connix_domain::rate_limit::{Policy, Verdict};

/// Limit, remaining, reset.
type Names = [HeaderName; 3];

static MINUTE: Names = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
];
static REQUESTS: Names = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
static TOKENS: Names = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

/// The headers, and what each says.
pub(crate) const DOCUMENTED: [(&str, &str); 9] = [
    ("X-RateLimit-Limit", "Requests of this kind in a clock minute"),
    ("X-RateLimit-Remaining", "How many of them are left"),
    ("X-RateLimit-Reset", "When the minute is over, in Unix seconds"),
    ("X-RateLimit-Limit-Requests", "Requests in a clock hour"),
    ("X-RateLimit-Remaining-Requests", "How many of them are left"),
    ("X-RateLimit-Reset-Requests", "When the hour is over, in Unix seconds"),
    ("X-RateLimit-Limit-Tokens", "Model tokens in a clock hour"),
    ("X-RateLimit-Remaining-Tokens", "How many of them are left"),
    ("X-RateLimit-Reset-Tokens", "When the hour is over, in Unix seconds"),
];

/// Writes them.
pub(crate) fn write(verdict: &Verdict, headers: &mut HeaderMap) {
    for standing in &verdict.standings {
        let names = match standing.policy {
            Policy::Hour => &REQUESTS,
            Policy::Tokens => &TOKENS,
            _ => &MINUTE,
        };
        let values = [standing.limit, standing.remaining, standing.window.closes];
        for (name, value) in names.iter().zip(values) {
            headers.insert(name.clone(), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connix_domain::Timestamp;
    use connix_domain::rate_limit::{Account, Figures, Overrides};

    #[test]
    fn every_budget_is_shown_under_the_names_that_are_documented() {
        let claims = Figures::default().claims(&Overrides::default(), Policy::AgentsGet, false);
        let now = Timestamp::from_timestamp(1_705_334_399, 0).unwrap();
        let mut headers = HeaderMap::new();
        write(&Account::default().draw_alone(&claims, now), &mut headers);
        let shown = DOCUMENTED.map(|(name, _)| headers.get(name).unwrap().to_str().unwrap());
        let (minute, hour) = (["200", "199", "1705334400"], ["1000", "999", "1705334400"]);
        assert_eq!(shown, [&minute[..], &hour, &["10000", "10000", "1705334400"]].concat()[..]);
        assert_eq!(headers.len(), DOCUMENTED.len());
    }
}
