//! The suite that every store passes. [`store_contract!`](crate::store_contract) makes a test of each case:
//!
//! ```
//! use connix_testkit::contract::Shared;
//! # use connix_testkit::MemoryStore;
//! # use std::sync::Arc;
//!
//! async fn fresh() -> Shared {
//!     Shared(Arc::new(MemoryStore::new()))
//! }
//! # mod all {
//! # use super::*;
//! connix_testkit::store_contract!(fresh);
//! # }
//! ```
//!
//! A case works in organisations of its own and assumes nothing about being alone in the store. The list of cases is one
//! macro, so that no adapter can leave one out; `tests/suite.rs` holds it to the sources and to the sentences with MUST in
//! `connix_domain::port::store`.

pub mod api_keys;
pub mod appending;
pub mod applications;
pub mod audit;
pub mod concurrency;
pub mod directories;
pub mod events;
pub mod figures;
pub mod following;
pub mod guards;
pub mod idempotency;
pub mod lists;
pub mod log_places;
pub mod members;
pub mod names;
pub mod purging;
pub mod queue;
pub mod redemptions;
pub mod round_trips;
pub mod searching;
pub mod service;
pub mod sign_ins;
pub mod tenancy;
mod tenant;
mod twins;
pub mod units;

pub use tenant::Tenant;

use async_trait::async_trait;
use connix_domain::port::store::Store;
use std::sync::Arc;

/// A store under test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
    /// The same data opened once more, as another process would.
    async fn another(&self) -> Arc<dyn Store>;
}

/// A store that can be opened only once: its other handle is itself.
pub struct Shared(pub Arc<dyn Store>);

#[async_trait]
impl Subject for Shared {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0)
    }
    async fn another(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0)
    }
}

/// Runs a case on a fresh subject, on a multi-threaded runtime of its own.
///
/// # Panics
/// When the case fails, or no runtime can be made.
pub fn run<S: Subject>(fresh: impl AsyncFnOnce() -> S, case: impl AsyncFnOnce(&dyn Subject)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let subject = fresh().await;
        case(&subject).await;
    });
}

/// Makes a test of every case, for the subjects that the given `async fn` makes.
#[macro_export]
macro_rules! store_contract {
    ($fresh:path) => {
        $crate::store_cases!(store_tests $fresh);
    };
}

/// A test for each case of the list.
#[doc(hidden)]
#[macro_export]
macro_rules! store_tests {
    ($fresh:path; $($group:ident { $($case:ident)+ })+) => {$(
        mod $group {
            use super::*;
            $(
                #[test]
                fn $case() {
                    $crate::contract::run($fresh, $crate::contract::$group::$case);
                }
            )+
        }
    )+};
}

/// The names of the cases, each with its group.
#[doc(hidden)]
#[macro_export]
macro_rules! store_case_names {
    (; $($group:ident { $($case:ident)+ })+) => {
        &[$($((stringify!($group), stringify!($case))),+),+]
    };
}

/// The list.
#[doc(hidden)]
#[macro_export]
macro_rules! store_cases {
    ($make:ident $($fresh:path)?) => {
        $crate::$make! { $($fresh)?;
            units {
                a_unit_is_applied_whole_or_not_at_all
                an_acknowledged_unit_is_durable_and_seen_by_every_later_read
                a_stale_version_changes_nothing_and_raises_nothing
                changes_are_applied_in_their_order
                the_first_conflict_is_the_one_that_is_reported
                an_empty_unit_is_applied
                bad_units_leave_their_neighbours_intact
                a_thousand_changes_are_one_unit
            }
            concurrency {
                of_concurrent_updates_of_one_version_exactly_one_wins
                whoever_lost_to_another_sees_it
                of_concurrent_claims_of_one_task_exactly_one_wins
                of_concurrent_projects_of_one_name_exactly_one_is_kept
                a_unit_that_is_asked_for_after_another_sees_it
                an_abandoned_commit_is_whole_or_absent
            }
            names {
                a_duplicate_name_is_reported_with_its_entity_and_field
                names_are_unique_without_regard_to_case_and_for_agents_exactly
                the_name_of_something_deleted_is_free
                every_other_rule_of_uniqueness_names_its_field
            }
            guards {
                a_project_that_changed_fails_the_unit
                an_agent_that_changed_fails_the_unit
                live_agents_fail_the_unit_as_of_the_changes_before
                a_guard_changes_nothing
                a_guard_and_an_update_exclude_each_other
            }
            events {
                events_are_numbered_from_1_without_gaps_in_the_order_of_their_commits
                events_of_concurrent_units_have_no_gaps
                a_failed_unit_takes_no_number
                events_are_read_after_a_number_in_order
            }
            idempotency {
                of_concurrent_records_under_one_key_exactly_one_is_kept_and_no_other_unit
                of_concurrent_answers_that_replace_the_first_exactly_one_wins
                an_expired_record_is_replaced_by_a_new_one
                a_record_is_found_until_it_expires
                expired_records_are_forgotten
            }
            appending {
                entries_and_lines_that_are_sent_again_are_kept_once
                a_journal_is_read_after_a_number_in_order
                log_lines_come_newest_first_and_of_one_instant_the_last_written
                log_lines_are_filtered_by_level_and_time
                signs_of_work_only_move_forward_and_leave_the_version
            }
            log_places {
                totals_and_offsets_are_those_of_counting
                totals_are_exact_when_lines_are_sent_again
                totals_are_exact_when_lines_are_removed
            }
            figures {
                a_task_is_counted_in_the_period_in_which_it_ended_and_once
                the_tasks_in_progress_are_those_that_were_open_at_the_end
                response_times_of_few_tasks_are_exact
                response_times_of_many_tasks_are_within_one_part_in_64
                reports_are_those_of_counting_everything_anew
                totals_are_what_tasks_came_to_since_the_agent_was_made
                a_sample_that_is_appended_again_is_counted_once
                what_an_agent_used_stays_with_its_project
                tokens_are_counted_when_they_are_reported
                what_an_attempt_used_is_charged_to_the_model_that_it_was_given
                the_storage_of_a_bucket_is_what_was_last_measured_in_it
                where_lines_were_dropped_a_line_says_so_and_figures_stay
            }
            following {
                lines_are_read_after_a_position_in_the_order_of_their_writing
                the_last_lines_begin_after_a_position
                whoever_reads_after_the_last_position_misses_no_line
                a_line_is_placed_after_those_that_were_removed
            }
            tenancy {
                a_row_below_another_organisations_project_or_agent_is_refused
                unknown_and_foreign_projects_are_none
                unknown_and_foreign_agents_are_none_and_deleted_ones_are_seen
                unknown_and_foreign_tasks_are_none
                no_reader_shows_another_organisation_anything
                a_change_reaches_no_other_organisation
            }
            api_keys {
                a_key_is_found_when_it_is_shown_and_in_its_own_organisation
                a_revoked_key_keeps_the_rest_and_an_unknown_one_is_stale
                an_update_of_a_key_replaces_all_but_its_last_use
                keys_are_listed_oldest_first_without_the_revoked
                the_keys_of_a_line_are_found_together
                a_use_is_noted_at_most_once_a_minute
            }
            members {
                an_organisation_is_changed_by_its_version
                members_come_back_as_they_were
                unknown_and_foreign_members_are_none_and_disabled_ones_are_seen
                members_are_listed_oldest_first
                an_address_is_unique_in_its_organisation_without_regard_to_case
                who_signs_in_is_found_by_address_without_the_disabled
                who_signs_in_through_a_provider_is_found_by_account_without_the_disabled
                an_account_is_bound_to_one_member_of_an_organisation
                who_was_handed_a_link_is_found_by_it
                the_last_owner_cannot_go
                teams_come_back_and_their_names_are_unique
                unknown_and_foreign_teams_are_none
                members_join_and_leave_teams
                a_deleted_team_leaves_its_projects
                a_member_s_list_holds_what_it_sees
            }
            directories {
                teams_are_found_and_sorted
                keys_are_found_and_sorted
                keys_are_found_by_status
                applications_are_found_and_sorted
                members_are_found_by_address_and_by_where_they_stand
            }
            audit {
                entries_come_back_as_they_were_part_by_part
                entries_are_numbered_from_1_without_gaps
                a_log_holds_no_other_organisation_s_entries
                a_log_is_filtered_by_who_what_and_when
            }
            redemptions {
                of_concurrent_redemptions_of_one_code_exactly_one_wins
                a_burnt_code_is_not_taken
                of_concurrent_uses_of_one_refresh_token_exactly_one_wins
            }
            applications {
                applications_come_back_as_they_were
                an_application_is_found_whatever_its_organisation
                only_active_applications_have_a_say_of_origins
                what_belongs_to_another_organisation_is_none
                a_grant_to_another_organisation_s_application_is_refused
                codes_grants_and_tokens_come_back_as_they_were
                what_is_noted_or_revoked_first_counts
                a_member_s_grants_end_together
                consent_is_replaced_and_withdrawn
                a_deleted_application_leaves_nothing
            }
            sign_ins {
                a_session_is_found_by_its_credential_whatever_its_organisation
                sessions_are_noted_closed_and_closed_together
                of_concurrent_keys_of_one_generation_exactly_one_is_kept
                a_signing_key_is_revoked_once_and_for_all
                what_has_ended_is_forgotten_and_tokens_with_their_grant
            }
            service {
                the_same_integer_is_never_given_twice
                agents_are_due_longest_first_and_deleted_ones_too
                agents_with_a_process_are_those_whose_process_may_exist
                tasks_without_lease_are_the_running_ones_whose_lease_is_over
                projects_to_purge_are_deleted_and_have_no_agent_left
                the_first_writer_of_a_property_wins
                organisations_are_all_there_oldest_first
                a_store_that_works_answers_a_ping
            }
            queue {
                the_next_task_is_the_oldest_that_may_be_claimed
                a_waiting_task_says_when_it_may_be_claimed
                open_tasks_are_those_queued_or_running
                a_lease_is_extended_only_by_the_attempt_that_holds_it
            }
            lists {
                paging_visits_every_row_once_while_rows_are_inserted
                a_total_counts_what_the_filters_match
                names_sort_without_regard_to_case_and_ties_go_by_id
                every_order_of_projects_is_kept
                every_order_of_agents_is_kept
                a_part_after_the_last_is_empty
                updating_stands_for_three_phases
                projects_are_filtered_by_phase_and_by_a_list
                times_bound_a_list_to_the_microsecond
                tasks_are_listed_by_phase_and_age
            }
            searching {
                search_is_literal_and_without_regard_to_case
                a_search_looks_through_names_and_description
                metadata_filters_match_whole_values_and_all_of_them
                a_search_that_no_text_can_hold_finds_nothing
            }
            purging {
                a_purged_agent_leaves_nothing_and_its_project_stays
                a_purged_project_leaves_nothing_but_its_events
                much_is_purged_to_the_last_row
                only_what_is_deleted_is_purged
            }
            round_trips {
                organisations_and_keys_come_back_as_they_were
                projects_come_back_in_every_phase
                agents_come_back_in_every_phase_and_with_every_process
                an_update_of_an_agent_replaces_all_but_its_last_activity
                tasks_come_back_in_every_phase
                entries_and_lines_of_every_kind_come_back
                events_of_every_kind_come_back
                records_come_back_as_they_were
                documents_keep_their_order_numbers_and_characters
                times_keep_their_microseconds
            }
        }
    };
}
