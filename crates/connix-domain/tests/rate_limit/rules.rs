//! The rules of contract section 3, one by one.

use super::claims;
use super::fixture::at;
use connix_domain::Timestamp;
use connix_domain::lifecycle::Words;
use connix_domain::rate_limit::{Account, Claim, Draw, Figures, Overrides, Policy, Window};

/// The beginning of an hour.
fn hour() -> Timestamp {
    let window = Window::of(Policy::Hour, at(0));
    Timestamp::from_timestamp(window.opens, 0).unwrap()
}

fn seconds(count: i64) -> chrono::Duration {
    chrono::Duration::seconds(count)
}

#[test]
fn windows_begin_at_round_minutes_and_hours() {
    for policy in Policy::ALL {
        for after in [0, 1, 59, 60, 3599, 3600] {
            let at = hour() + seconds(after) + chrono::Duration::microseconds(999_999);
            let window = Window::of(*policy, at);
            assert_eq!(window.opens % policy.length(), 0);
            assert!(window.opens <= at.timestamp() && at.timestamp() < window.closes);
        }
    }
}

#[test]
fn whoever_waits_for_what_is_left_is_in_the_next_window() {
    for micros in [0, 1, 500_000, 999_999, 59_000_000, 59_999_999] {
        let at = hour() + chrono::Duration::microseconds(micros);
        let window = Window::of(Policy::Minute, at);
        let left = window.left(at);
        assert!((1..=60).contains(&left));
        let then = at + seconds(left.cast_signed());
        assert_eq!(Window::of(Policy::Minute, then).opens, window.closes, "{micros}");
    }
}

#[test]
fn the_usual_figures_are_those_of_the_contract() {
    let figures = Figures::default();
    let told: Vec<_> = Policy::ALL.iter().map(|policy| (policy.as_str(), figures.of(*policy))).collect();
    assert_eq!(
        told,
        [
            ("hour", 1000),
            ("tokens", 10_000),
            ("minute", 100),
            ("agents_list", 100),
            ("agents_create", 10),
            ("agents_get", 200),
            ("agents_update", 20),
            ("agents_delete", 10),
            ("agents_actions", 50),
            ("agents_logs", 100),
            ("agents_metrics", 50),
        ]
    );
}

#[test]
fn a_credentials_own_figure_goes_before_everybodys() {
    let overrides: Overrides = [(Policy::Hour, 5), (Policy::Tokens, 0)].into_iter().collect();
    let limits = Figures::default().claims(&overrides, Policy::AgentsGet, true).map(|claim| claim.limit);
    assert_eq!(limits, [5, 200, 0]);
}

#[test]
fn a_request_that_one_policy_refuses_counts_in_none() {
    let mut account = Account::default();
    let narrow = claims(10, 2);
    for _ in 0..2 {
        assert!(account.draw_alone(&narrow, hour()).passes());
    }
    for _ in 0..5 {
        let refused = account.draw_alone(&narrow, hour());
        assert!(!refused.passes());
        assert_eq!(refused.of(Policy::Hour).map(|hour| (hour.remaining, hour.violated)), Some((8, false)));
        assert_eq!(refused.of(Policy::Minute).map(|minute| (minute.remaining, minute.violated)), Some((0, true)));
    }
}

#[test]
fn a_refusal_lasts_until_the_end_of_the_latest_violated_window() {
    let begun = hour() + seconds(61) + chrono::Duration::milliseconds(1);
    let mut account = Account::default();
    assert_eq!(account.draw_alone(&claims(1, 1), begun).retry_after(), None);
    assert_eq!(account.draw_alone(&claims(2, 1), begun).retry_after(), Some(59));
    assert_eq!(account.draw_alone(&claims(1, 1), begun).retry_after(), Some(3600 - 61));
}

#[test]
fn a_full_budget_at_each_side_of_a_border_passes() {
    let mut account = Account::default();
    let border = hour() + seconds(60);
    for moment in [border - chrono::Duration::microseconds(1), border] {
        assert!((0..100).all(|_| account.draw_alone(&claims(1000, 100), moment).passes()));
        assert!(!account.draw_alone(&claims(1000, 100), moment).passes());
    }
}

#[test]
fn a_request_that_read_the_clock_before_the_turn_counts_in_the_window_after_it() {
    let mut account = Account::default();
    let border = hour() + seconds(60);
    assert!(account.draw_alone(&claims(10, 2), border).passes());
    assert!(account.draw_alone(&claims(10, 2), border - seconds(1)).passes());
    assert!(!account.draw_alone(&claims(10, 2), border).passes());
}

#[test]
fn a_figure_of_nothing_lets_nothing_pass() {
    assert!(!Account::default().draw_alone(&claims(0, 5), hour()).passes());
    assert!(!Account::default().draw_alone(&claims(5, 0), hour()).passes());
}

#[test]
fn a_new_figure_holds_at_once_and_what_was_taken_stays_taken() {
    let mut account = Account::default();
    let left = |account: &mut Account, minute| {
        let verdict = account.draw_alone(&claims(1000, minute), hour());
        verdict.of(Policy::Minute).map(|standing| (!standing.violated, standing.remaining))
    };
    assert_eq!(left(&mut account, 10), Some((true, 9)));
    assert_eq!(left(&mut account, 3), Some((true, 1)));
    assert_eq!(left(&mut account, 2), Some((false, 0)));
    assert_eq!(left(&mut account, 4), Some((true, 1)));
}

#[test]
fn work_is_refused_when_no_tokens_are_left_and_anything_else_is_not() {
    let claim = |draw| [Claim { policy: Policy::Tokens, limit: 100, draw }];
    let mut account = Account::default();
    account.charge_alone(40, hour());
    assert_eq!(account.draw_alone(&claim(Draw::Need), hour()).of(Policy::Tokens).map(|left| left.remaining), Some(60));
    account.charge_alone(1000, hour());
    let refused = account.draw_alone(&claim(Draw::Need), hour() + seconds(10));
    assert_eq!((refused.passes(), refused.retry_after()), (false, Some(3590)));
    assert!(account.draw_alone(&claim(Draw::Look), hour()).passes());
    assert!(account.draw_alone(&claim(Draw::Need), hour() + seconds(3600)).passes());
}

#[test]
fn an_account_is_over_when_all_of_its_windows_are() {
    let mut account = Account::default();
    assert!(account.is_over(hour()));
    account.draw_alone(&claims(5, 5), hour() + seconds(30));
    assert!(!account.is_over(hour() + seconds(3599)));
    assert!(account.is_over(hour() + seconds(3600)));
}
