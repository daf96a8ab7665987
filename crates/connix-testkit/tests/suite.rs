//! The suite itself: no case is left out of the list, and no sentence with MUST is without a case.

#![expect(clippy::unwrap_used, reason = "a test that cannot be prepared has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const LISTED: &[(&str, &str)] = connix_testkit::store_cases!(store_case_names);

/// Every sentence with MUST in `connix_domain::port::store`, and the case that holds a store to it.
const PROMISES: &[(&str, &str)] = &[
    ("It MUST be applied whole or not at all.", "a_unit_is_applied_whole_or_not_at_all"),
    (
        "When it returns `Ok`, the unit MUST be durable and every later read MUST see it.",
        "an_acknowledged_unit_is_durable_and_seen_by_every_later_read",
    ),
    ("A stale version MUST change nothing and raise nothing.", "a_stale_version_changes_nothing_and_raises_nothing"),
    (
        "Of concurrent updates of one version exactly one MUST win.",
        "of_concurrent_updates_of_one_version_exactly_one_wins",
    ),
    (
        "Whoever is told to have lost to another unit MUST see that unit in every later read.",
        "whoever_lost_to_another_sees_it",
    ),
    (
        "A duplicate name MUST be reported as such, with its entity and field.",
        "a_duplicate_name_is_reported_with_its_entity_and_field",
    ),
    (
        "Names MUST be unique without regard to case for projects, teams and organisations, and exactly for agents; a \
         deleted project's or agent's name MUST be free.",
        "names_are_unique_without_regard_to_case_and_for_agents_exactly",
    ),
    (
        "Names MUST be unique without regard to case for projects, teams and organisations, and exactly for agents; a \
         deleted project's or agent's name MUST be free.",
        "the_name_of_something_deleted_is_free",
    ),
    (
        "Names MUST be unique without regard to case for projects, teams and organisations, and exactly for agents; a \
         deleted project's or agent's name MUST be free.",
        "teams_come_back_and_their_names_are_unique",
    ),
    (
        "Events of an organisation MUST be numbered from 1 without gaps, in the order of their commits.",
        "events_are_numbered_from_1_without_gaps_in_the_order_of_their_commits",
    ),
    (
        "Of concurrent records under one idempotency key exactly one MUST be kept, and the others' units MUST NOT be.",
        "of_concurrent_records_under_one_key_exactly_one_is_kept_and_no_other_unit",
    ),
    (
        "Whoever asks again after the last position that it was given MUST miss no line, whoever else writes.",
        "whoever_reads_after_the_last_position_misses_no_line",
    ),
    (
        "A line MUST be placed after every earlier one of its agent, also when those have been removed.",
        "a_line_is_placed_after_those_that_were_removed",
    ),
    (
        "Of concurrent answers that replace one idempotency record's first exactly one MUST win.",
        "of_concurrent_answers_that_replace_the_first_exactly_one_wins",
    ),
    ("An expired idempotency record MUST be replaced by a new one.", "an_expired_record_is_replaced_by_a_new_one"),
    (
        "Journal entries and log lines that are sent again MUST be kept once.",
        "entries_and_lines_that_are_sent_again_are_kept_once",
    ),
    (
        "A row below a project or agent of another organisation MUST be refused.",
        "a_row_below_another_organisations_project_or_agent_is_refused",
    ),
    (
        "MUST find an API key that is shown whatever its organisation, revoked and expired ones too.",
        "a_key_is_found_when_it_is_shown_and_in_its_own_organisation",
    ),
    (
        "By its digest as well as by its public part: for a wrong text there MUST be nothing to read, so that the time it takes does \
         not tell which keys exist.",
        "a_key_is_found_when_it_is_shown_and_in_its_own_organisation",
    ),
    (
        "MUST never give the same integer twice, also not to concurrent callers.",
        "the_same_integer_is_never_given_twice",
    ),
    (
        "MUST give the agents whose [`due_at`](Agent::due_at) is not after `now`, deleted ones too, longest due first.",
        "agents_are_due_longest_first_and_deleted_ones_too",
    ),
    (
        "MUST give the agents that a process may exist for, see \
         [`ProcessPhase::is_live`](crate::agent::ProcessPhase::is_live).",
        "agents_with_a_process_are_those_whose_process_may_exist",
    ),
    (
        "MUST give the running tasks whose lease is over at `now`.",
        "tasks_without_lease_are_the_running_ones_whose_lease_is_over",
    ),
    ("MUST give deleted projects that no agent is left of.", "projects_to_purge_are_deleted_and_have_no_agent_left"),
    (
        "MUST be `None`, not an error, for an unknown id and for another organisation's.",
        "unknown_and_foreign_projects_are_none",
    ),
    (
        "MUST be `None`, not an error, for an unknown id and for another organisation's.",
        "unknown_and_foreign_tasks_are_none",
    ),
    (
        "A part of the list; the total MUST count what the filters match, and search MUST be literal and without regard \
         to case.",
        "a_total_counts_what_the_filters_match",
    ),
    (
        "A part of the list; the total MUST count what the filters match, and search MUST be literal and without regard \
         to case.",
        "search_is_literal_and_without_regard_to_case",
    ),
    (
        "MUST be `None`, not an error, for an unknown id and for another organisation's; deleted ones are seen, since \
         the service still works on them.",
        "unknown_and_foreign_agents_are_none_and_deleted_ones_are_seen",
    ),
    (
        "The total MUST be exact, and any offset MUST lead to the line that counting leads to, also when lines are sent \
         again or removed.",
        "totals_and_offsets_are_those_of_counting",
    ),
    (
        "The total MUST be exact, and any offset MUST lead to the line that counting leads to, also when lines are sent \
         again or removed.",
        "totals_are_exact_when_lines_are_sent_again",
    ),
    (
        "The total MUST be exact, and any offset MUST lead to the line that counting leads to, also when lines are sent \
         again or removed.",
        "totals_are_exact_when_lines_are_removed",
    ),
    (
        "MUST give the oldest queued task that may be claimed at `now`.",
        "the_next_task_is_the_oldest_that_may_be_claimed",
    ),
    (
        "MUST give when the next queued task that must wait may be claimed.",
        "a_waiting_task_says_when_it_may_be_claimed",
    ),
];

/// The same for `connix_domain::port::telemetry`.
const FIGURES: &[(&str, &str)] = &[
    (
        "A task MUST be counted in the period in which it ended, once, whatever was tried in vain.",
        "a_task_is_counted_in_the_period_in_which_it_ended_and_once",
    ),
    (
        "The tasks in progress MUST be those that were made before the end of the bucket or period and had not ended by \
         then.",
        "the_tasks_in_progress_are_those_that_were_open_at_the_end",
    ),
    (
        "The series MUST have an entry for every bucket of the period, and MUST add up to the total.",
        "reports_are_those_of_counting_everything_anew",
    ),
    (
        "The response times MUST be exact when fewer than [`MOST_EXACT`](crate::telemetry::MOST_EXACT) tasks completed in \
         the period, and MUST be within one part in 64 of that otherwise.",
        "response_times_of_few_tasks_are_exact",
    ),
    (
        "The response times MUST be exact when fewer than [`MOST_EXACT`](crate::telemetry::MOST_EXACT) tasks completed in \
         the period, and MUST be within one part in 64 of that otherwise.",
        "response_times_of_many_tasks_are_within_one_part_in_64",
    ),
    (
        "MUST give what an agent's tasks came to since it was made.",
        "totals_are_what_tasks_came_to_since_the_agent_was_made",
    ),
    ("A sample that is appended again MUST be counted once.", "a_sample_that_is_appended_again_is_counted_once"),
    (
        "What an agent used MUST stay with its project when the agent is gone.",
        "what_an_agent_used_stays_with_its_project",
    ),
    (
        "Tokens MUST be counted when they are reported, also those of an attempt that failed.",
        "tokens_are_counted_when_they_are_reported",
    ),
    (
        "What an attempt used MUST be charged to the model that it was given.",
        "what_an_attempt_used_is_charged_to_the_model_that_it_was_given",
    ),
    (
        "The storage of a bucket MUST be what was last measured in it, also when the agent is gone.",
        "the_storage_of_a_bucket_is_what_was_last_measured_in_it",
    ),
    (
        "Where lines of an agent were dropped there MUST be a line that says so, see \
         [`LogLine::dropped`](crate::log::LogLine::dropped).",
        "where_lines_were_dropped_a_line_says_so_and_figures_stay",
    ),
    ("Figures MUST stay.", "where_lines_were_dropped_a_line_says_so_and_figures_stay"),
];

/// The same for `connix_domain::port::api_keys`.
const API_KEYS: &[(&str, &str)] = &[
    ("MUST leave revoked ones out.", "keys_are_listed_oldest_first_without_the_revoked"),
    (
        "MUST be `None`, not an error, for an unknown key and for another organisation's; revoked and expired ones are seen.",
        "a_key_is_found_when_it_is_shown_and_in_its_own_organisation",
    ),
];

/// The same for `connix_domain::port::members`.
const MEMBERS: &[(&str, &str)] = &[
    (
        "MUST be `None`, not an error, for an unknown member and for another organisation's; disabled ones are seen.",
        "unknown_and_foreign_members_are_none_and_disabled_ones_are_seen",
    ),
    ("MUST leave disabled ones out.", "who_signs_in_is_found_by_address_without_the_disabled"),
    (
        "MUST compare issuer and subject exactly, and leave disabled members out.",
        "who_signs_in_through_a_provider_is_found_by_account_without_the_disabled",
    ),
    (
        "MUST find the member that was handed a link, whatever its organisation, also when the link has expired.",
        "who_was_handed_a_link_is_found_by_it",
    ),
    (
        "MUST be `None`, not an error, for an unknown team and for another organisation's.",
        "unknown_and_foreign_teams_are_none",
    ),
];

const LISTED_FOR_LIMITS: &[&str] = connix_testkit::limits_cases!(limits_case_names);

/// The same for `connix_domain::port::limits`.
const LIMITS: &[(&str, &str)] = &[
    (
        "In each window exactly as many requests MUST pass as there are units, if so many ask, whoever else asks through \
         which process.",
        "in_each_of_50_windows_exactly_as_many_pass_as_there_are_units",
    ),
    ("It MUST take from all of the policies or from none.", "it_takes_from_all_of_the_policies_or_from_none"),
    ("Subjects and policies MUST be independent of each other.", "subjects_and_policies_are_independent"),
    (
        "A new window MUST be whole, and a window MUST be aligned to the clock.",
        "a_new_window_is_whole_and_aligned_to_the_clock",
    ),
    (
        "A new figure MUST hold at once: what was taken in the window stays taken.",
        "a_new_figure_holds_at_once_and_what_was_taken_stays_taken",
    ),
    (
        "What remains MUST fall by one with each request that passes, and MUST NOT rise within a window while one process \
         takes.",
        "what_remains_falls_by_one_and_never_rises_within_a_window",
    ),
    (
        "Whoever asks a second later at the latest, through whichever process, MUST know of it.",
        "charged_tokens_are_gone_for_everybody_and_may_be_more_than_were_left",
    ),
];

/// The same for `connix_domain::port::audit`.
const AUDIT: &[(&str, &str)] = &[
    (
        "Entries MUST be numbered from 1 without gaps, in the order of their commits.",
        "entries_are_numbered_from_1_without_gaps",
    ),
    ("Another organisation's entries MUST NOT be shown.", "a_log_holds_no_other_organisation_s_entries"),
];

/// The same for `connix_domain::port::applications`.
const APPLICATIONS: &[(&str, &str)] = &[
    (
        "Whatever has a scope MUST be `None` for another organisation's, like for an unknown one.",
        "what_belongs_to_another_organisation_is_none",
    ),
    (
        "MUST find an application by its identifier whatever its organisation: nobody is signed in yet.",
        "an_application_is_found_whatever_its_organisation",
    ),
    ("MUST NOT hold a disabled one's.", "only_active_applications_have_a_say_of_origins"),
    (
        "MUST find a session by its credential whatever its organisation: the cookie is all that there is.",
        "a_session_is_found_by_its_credential_whatever_its_organisation",
    ),
    ("A grant's pairs MUST go with it.", "what_has_ended_is_forgotten_and_tokens_with_their_grant"),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The sentences with MUST in the documentation of a source file: a list item or paragraph each, cut at full stops.
fn sentences_with_must(source: &str) -> BTreeSet<String> {
    let mut paragraphs = vec![String::new()];
    for line in source.lines().map(str::trim) {
        match line.strip_prefix("/// ") {
            Some(text) => {
                if text.starts_with("- ") {
                    paragraphs.push(String::new());
                }
                let paragraph = paragraphs.last_mut().unwrap();
                paragraph.push_str(text.trim_start_matches("- ").trim());
                paragraph.push(' ');
            }
            None => paragraphs.push(String::new()),
        }
    }
    let sentences = paragraphs.iter().flat_map(|paragraph| paragraph.split_inclusive(". ").map(str::trim));
    sentences.filter(|sentence| sentence.contains("MUST")).map(str::to_owned).collect()
}

#[test]
fn every_sentence_with_must_has_a_case() {
    let of_stores = LISTED.iter().map(|(_, case)| *case);
    let listed: BTreeSet<_> = of_stores.chain(LISTED_FOR_LIMITS.iter().copied()).collect();
    let ports = [
        ("store", PROMISES),
        ("telemetry", FIGURES),
        ("members", MEMBERS),
        ("limits", LIMITS),
        ("audit", AUDIT),
        ("api_keys", API_KEYS),
        ("applications", APPLICATIONS),
    ];
    for (port, promises) in ports {
        let source = read(&format!("../connix-domain/src/port/{port}.rs"));
        let promised = promises.iter().map(|(sentence, _)| (*sentence).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(sentences_with_must(&source), promised);
        for (sentence, case) in promises {
            assert!(listed.contains(case), "{sentence} is held by {case}, which is not in the list");
        }
    }
}

#[test]
fn every_case_in_the_sources_is_in_the_list() {
    let mut listed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (group, case) in LISTED {
        assert!(listed.entry(group).or_default().insert((*case).to_owned()), "{case} is listed twice");
    }
    for (group, cases) in listed {
        assert_eq!(written_in(&format!("src/contract/{group}.rs")), cases, "{group}");
    }
    let listed = LISTED_FOR_LIMITS.iter().map(|case| (*case).to_owned()).collect();
    assert_eq!(written_in("src/limits_contract.rs"), listed);
}

/// The names of the cases in a source file.
fn written_in(path: &str) -> BTreeSet<String> {
    let source = read(path);
    let written = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
    written.filter_map(|rest| rest.split('(').next()).map(str::to_owned).collect()
}
