//! Any requests at any times, beside a count of what passed.

use super::fixture::at;
use super::take;
use connix_domain::rate_limit::{Account, Policy, Window};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn minute_policy() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Minute), Just(Policy::AgentsGet), Just(Policy::AgentsCreate)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_each_window_of_each_policy_passes_what_it_has_room_for_and_no_more(
        hour in 0..40_i64,
        minute in 0..12_i64,
        requests in proptest::collection::vec((minute_policy(), 0..40_i64), 0..200),
    ) {
        let mut account = Account::default();
        let mut passed: BTreeMap<(Policy, i64), i64> = BTreeMap::new();
        let mut now = 0;
        for (policy, step) in requests {
            now += step;
            let claims = [take(Policy::Hour, hour), take(policy, minute)];
            let keys = claims.map(|claim| (claim.policy, Window::of(claim.policy, at(now)).opens));
            let room = claims.iter().zip(&keys).all(|(claim, key)| passed.get(key).copied().unwrap_or(0) < claim.limit);
            let verdict = account.draw_alone(&claims, at(now));
            prop_assert_eq!(verdict.passes(), room);
            if room {
                keys.iter().for_each(|key| *passed.entry(*key).or_default() += 1);
            }
            for (standing, key) in verdict.standings.iter().zip(&keys) {
                prop_assert_eq!(standing.remaining, standing.limit - passed.get(key).copied().unwrap_or(0));
            }
            prop_assert_eq!(verdict.retry_after().is_none(), room);
        }
    }
}
