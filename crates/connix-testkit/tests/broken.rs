//! The suite is no formality: a store that breaks one promise fails the case that is about it.

use async_trait::async_trait;
use connix_domain::Timestamp;
use connix_domain::agent::Agent;
use connix_domain::api_key::{ApiKey, Digest, KeyStatus, Kid};
use connix_domain::audit::PlacedEntry;
use connix_domain::browser_session::BrowserSession;
use connix_domain::change_set::{Change, ChangeSet};
use connix_domain::event::SequencedEvent;
use connix_domain::id::{AgentId, GrantId, OAuthClientId, ProjectId, TaskId, TeamId, TokenPairId, UserId};
use connix_domain::idempotency::{IdempotencyKey, IdempotencyRecord};
use connix_domain::journal::JournalEntry;
use connix_domain::log::{LineKey, LogLine, PlacedLine};
use connix_domain::member::{Member, MemberStatus};
use connix_domain::oauth::client::{ClientStatus, OAuthClient};
use connix_domain::oauth::code::AuthorizationCode;
use connix_domain::oauth::grant::{Consent, Grant};
use connix_domain::oauth::redirect_uri::RedirectUri;
use connix_domain::oauth::refresh::TokenPair;
use connix_domain::oauth::signing_key::SigningKey;
use connix_domain::organisation::Organisation;
use connix_domain::page::{AgentQuery, AuditQuery, DirectoryQuery, LogQuery, Page, ProjectQuery, Sort, TaskQuery};
use connix_domain::port::api_keys::ApiKeyReader;
use connix_domain::port::applications::ApplicationReader;
use connix_domain::port::audit::AuditReader;
use connix_domain::port::members::MemberReader;
use connix_domain::port::secrets::PresentedKey;
use connix_domain::port::store::{
    AgentReader, CommitError, Committer, EventReader, IdempotencyReader, LogReader, ProjectReader, ReadError,
    ServiceReader, TaskReader,
};
use connix_domain::port::telemetry::{Forgotten, Telemetry};
use connix_domain::project::Project;
use connix_domain::scope::OrgScope;
use connix_domain::task::Task;
use connix_domain::team::Team;
use connix_domain::telemetry::{Period, ResourceReport, TaskReport, TaskTotals, UsageReport};
use connix_domain::upstream::UpstreamAccount;
use connix_testkit::MemoryStore;
use connix_testkit::contract::{self, Shared, Subject};
use connix_testkit::ids::chance;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a broken store makes of a unit, and of a question.
#[derive(Clone, Copy)]
struct Fault {
    writes: fn(Vec<Change>) -> Vec<Vec<Change>>,
    asks: fn(&mut ProjectQuery),
}

const NONE: Fault = Fault { writes: |unit| vec![unit], asks: |_| {} };

struct Broken {
    store: MemoryStore,
    fault: Fault,
}

#[async_trait]
impl Committer for Broken {
    async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        for unit in (self.fault.writes)(changes.into_iter().collect()) {
            self.store.commit(ChangeSet::new().with_all(unit)).await?;
        }
        Ok(())
    }
}

/// Hands reads on as they are.
macro_rules! hand_on {
    ($($port:ident { $($name:ident($($arg:ident: $type:ty),*) -> $value:ty;)+ })+) => {$(
        #[async_trait]
        impl $port for Broken {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$value, ReadError> {
                self.store.$name($($arg),*).await
            })+
        }
    )+};
}

hand_on! {
    ServiceReader {
        organisations() -> Vec<Organisation>;
        presented_key(key: &PresentedKey) -> Option<ApiKey>;
        property(name: &str) -> Option<Vec<u8>>;
        reserve_project_numbers(count: i64) -> i64;
        agents_due(now: Timestamp, limit: i64) -> Vec<Agent>;
        agents_with_process() -> Vec<Agent>;
        tasks_without_lease(now: Timestamp, limit: i64) -> Vec<Task>;
        projects_to_purge(limit: i64) -> Vec<Project>;
        forget_expired(now: Timestamp) -> u64;
        ping() -> ();
    }
    AgentReader {
        agent(scope: OrgScope, id: AgentId) -> Option<Agent>;
        agents(scope: OrgScope, query: &AgentQuery) -> Page<Agent>;
        agents_of(scope: OrgScope, project: ProjectId) -> Vec<Agent>;
        agent_name_taken(scope: OrgScope, project: ProjectId, name: &str) -> bool;
    }
    TaskReader {
        task(scope: OrgScope, id: TaskId) -> Option<Task>;
        tasks(scope: OrgScope, query: &TaskQuery) -> Page<Task>;
        open_tasks(scope: OrgScope, agent: AgentId) -> i64;
        next_task(scope: OrgScope, agent: AgentId, now: Timestamp) -> Option<Task>;
        next_task_at(scope: OrgScope, agent: AgentId) -> Option<Timestamp>;
        running_tasks(scope: OrgScope, agent: AgentId) -> Vec<Task>;
        journal(scope: OrgScope, task: TaskId, after: i64, limit: i64) -> Vec<JournalEntry>;
        journal_length(scope: OrgScope, task: TaskId) -> i64;
    }
    LogReader {
        logs(scope: OrgScope, query: &LogQuery) -> Page<LogLine>;
        logs_after(scope: OrgScope, agent: AgentId, after: i64, limit: i64) -> Vec<PlacedLine>;
        logs_before_last(scope: OrgScope, agent: AgentId, count: i64) -> i64;
    }
    EventReader { events(scope: OrgScope, after: i64, limit: i64) -> Vec<SequencedEvent>; }
    Telemetry {
        task_report(scope: OrgScope, agent: AgentId, period: &Period) -> TaskReport;
        task_totals(scope: OrgScope, agent: AgentId) -> TaskTotals;
        resource_report(scope: OrgScope, agent: AgentId, period: &Period) -> ResourceReport;
        usage_report(scope: OrgScope, project: ProjectId, period: &Period) -> UsageReport;
        forget_before(scope: OrgScope, before: Timestamp) -> Forgotten;
    }
    ApiKeyReader {
        api_keys(scope: OrgScope, query: &DirectoryQuery, status: Option<(KeyStatus, Timestamp)>) -> Page<ApiKey>;
        api_key(scope: OrgScope, kid: &Kid) -> Option<ApiKey>;
        api_keys_of_line(scope: OrgScope, line: &Kid) -> Vec<ApiKey>;
    }
    MemberReader {
        organisation(scope: OrgScope) -> Option<Organisation>;
        member(scope: OrgScope, id: UserId) -> Option<Member>;
        members(scope: OrgScope, query: &DirectoryQuery, status: Option<MemberStatus>) -> Page<Member>;
        members_by_email(email: &str) -> Vec<Member>;
        members_by_account(account: &UpstreamAccount) -> Vec<Member>;
        member_by_invitation(digest: &Digest) -> Option<Member>;
        teams_of(scope: OrgScope, user: UserId) -> Vec<TeamId>;
        team(scope: OrgScope, id: TeamId) -> Option<Team>;
        teams(scope: OrgScope, query: &DirectoryQuery) -> Page<Team>;
        team_members(scope: OrgScope, team: TeamId, query: &DirectoryQuery, status: Option<MemberStatus>) -> Page<Member>;
    }
    AuditReader { audit_log(scope: OrgScope, query: &AuditQuery) -> Vec<PlacedEntry>; }
    ApplicationReader {
        client_anywhere(id: OAuthClientId) -> Option<OAuthClient>;
        oauth_client(scope: OrgScope, id: OAuthClientId) -> Option<OAuthClient>;
        oauth_clients(scope: OrgScope, query: &DirectoryQuery, status: Option<ClientStatus>) -> Page<OAuthClient>;
        active_redirect_uris() -> Vec<RedirectUri>;
        authorization_code(scope: OrgScope, digest: &Digest) -> Option<AuthorizationCode>;
        grant(scope: OrgScope, id: GrantId) -> Option<Grant>;
        token_pair(scope: OrgScope, id: TokenPairId) -> Option<TokenPair>;
        pair_of_refresh(scope: OrgScope, refresh: &Digest) -> Option<TokenPair>;
        consent(scope: OrgScope, user: UserId, client: OAuthClientId) -> Option<Consent>;
        consents_of(scope: OrgScope, user: UserId) -> Vec<Consent>;
        session(digest: &Digest) -> Option<BrowserSession>;
        sessions_of(scope: OrgScope, user: UserId) -> Vec<BrowserSession>;
        signing_keys() -> Vec<SigningKey>;
        forget_ended(codes: Timestamp, grants: Timestamp, sessions: Timestamp) -> u64;
    }
    IdempotencyReader { remembered(key: &IdempotencyKey, now: Timestamp) -> Option<IdempotencyRecord>; }
}

#[async_trait]
impl ProjectReader for Broken {
    async fn project(&self, scope: OrgScope, id: ProjectId) -> Result<Option<Project>, ReadError> {
        self.store.project(scope, id).await
    }
    async fn project_by_number(&self, scope: OrgScope, number: i64) -> Result<Option<Project>, ReadError> {
        self.store.project_by_number(scope, number).await
    }
    async fn project_by_name(&self, scope: OrgScope, canonical: &str) -> Result<Option<Project>, ReadError> {
        self.store.project_by_name(scope, canonical).await
    }
    async fn projects(&self, scope: OrgScope, query: &ProjectQuery) -> Result<Page<Project>, ReadError> {
        let mut query = query.clone();
        (self.fault.asks)(&mut query);
        self.store.projects(scope, &query).await
    }
}

/// Whether the case fails on a store with the fault.
fn catches(fault: Fault, case: impl AsyncFnOnce(&dyn Subject)) -> bool {
    let fresh = async move || Shared(Arc::new(Broken { store: MemoryStore::new(), fault }));
    catch_unwind(AssertUnwindSafe(|| contract::run(fresh, case))).is_err()
}

/// Each change by itself, changed or left out.
fn each(unit: Vec<Change>, keep: impl Fn(Change) -> Option<Change>) -> Vec<Vec<Change>> {
    vec![unit.into_iter().filter_map(keep).collect()]
}

#[test]
fn the_wrapper_itself_breaks_nothing() {
    assert!(!catches(NONE, contract::units::a_unit_is_applied_whole_or_not_at_all));
    assert!(!catches(NONE, contract::lists::paging_visits_every_row_once_while_rows_are_inserted));
}

#[test]
fn a_store_that_tears_units_is_caught() {
    let torn = Fault { writes: |unit| unit.into_iter().map(|change| vec![change]).collect(), ..NONE };
    assert!(catches(torn, contract::units::a_unit_is_applied_whole_or_not_at_all));
    assert!(catches(torn, contract::events::a_failed_unit_takes_no_number));
    assert!(catches(torn, contract::units::bad_units_leave_their_neighbours_intact));
}

#[test]
fn a_store_that_acknowledges_what_it_forgets_is_caught() {
    let forgetful = Fault { writes: |_| Vec::new(), ..NONE };
    assert!(catches(forgetful, contract::units::an_acknowledged_unit_is_durable_and_seen_by_every_later_read));
}

#[test]
fn a_store_that_reorders_changes_is_caught() {
    let backwards = Fault { writes: |unit| vec![unit.into_iter().rev().collect()], ..NONE };
    assert!(catches(backwards, contract::units::changes_are_applied_in_their_order));
    assert!(catches(backwards, contract::events::events_are_read_after_a_number_in_order));
}

#[test]
fn a_store_without_guards_is_caught() {
    let guardless = Fault {
        writes: |unit| {
            each(unit, |change| match change {
                Change::ProjectUnchanged { .. } | Change::AgentUnchanged { .. } | Change::NoLiveAgents { .. } => None,
                other => Some(other),
            })
        },
        ..NONE
    };
    assert!(catches(guardless, contract::guards::a_project_that_changed_fails_the_unit));
    assert!(catches(guardless, contract::guards::an_agent_that_changed_fails_the_unit));
    assert!(catches(guardless, contract::guards::live_agents_fail_the_unit_as_of_the_changes_before));
    assert!(catches(guardless, contract::guards::a_guard_and_an_update_exclude_each_other));
}

#[test]
fn a_store_that_remembers_no_first_answer_is_caught() {
    let unmindful = Fault {
        writes: |unit| each(unit, |change| Some(change).filter(|c| !matches!(c, Change::Remember(_)))),
        ..NONE
    };
    let case = contract::idempotency::of_concurrent_records_under_one_key_exactly_one_is_kept_and_no_other_unit;
    assert!(catches(unmindful, case));
    assert!(catches(unmindful, contract::idempotency::an_expired_record_is_replaced_by_a_new_one));
}

#[test]
fn a_store_that_keeps_repeated_lines_is_caught() {
    let repetitive = Fault {
        writes: |unit| {
            each(unit, |change| match change {
                Change::AppendLogs(lines) => {
                    let anew = |line| LogLine { key: LineKey::Service(chance()), ..line };
                    Some(Change::AppendLogs(lines.into_iter().map(anew).collect()))
                }
                other => Some(other),
            })
        },
        ..NONE
    };
    assert!(catches(repetitive, contract::appending::entries_and_lines_that_are_sent_again_are_kept_once));
}

#[test]
fn a_store_that_updates_the_last_activity_too_is_caught() {
    let meddling = Fault {
        writes: |unit| {
            let touch = |change: Change| match change {
                Change::UpdateAgent(agent) => {
                    let touched = agent.last_activity.map(|at| Change::TouchAgent { org: agent.org, id: agent.id, at });
                    [Some(Change::UpdateAgent(agent)), touched]
                }
                other => [Some(other), None],
            };
            vec![unit.into_iter().flat_map(touch).flatten().collect()]
        },
        ..NONE
    };
    assert!(catches(meddling, contract::round_trips::an_update_of_an_agent_replaces_all_but_its_last_activity));
}

#[test]
fn a_store_that_cuts_times_short_is_caught() {
    let coarse = Fault {
        writes: |unit| {
            each(unit, |change| match change {
                Change::CreateProject(project) => {
                    let micros = chrono::Duration::microseconds(project.created_at.timestamp_micros().rem_euclid(1000));
                    Some(Change::CreateProject(Project { created_at: project.created_at - micros, ..project }))
                }
                other => Some(other),
            })
        },
        ..NONE
    };
    assert!(catches(coarse, contract::round_trips::times_keep_their_microseconds));
    assert!(catches(coarse, contract::lists::times_bound_a_list_to_the_microsecond));
}

#[test]
fn a_store_that_purges_nothing_is_caught() {
    let hoarding = Fault {
        writes: |unit| each(unit, |change| Some(change).filter(|c| !matches!(c, Change::PurgeAgent { .. }))),
        ..NONE
    };
    assert!(catches(hoarding, contract::purging::a_purged_agent_leaves_nothing_and_its_project_stays));
    assert!(catches(hoarding, contract::purging::only_what_is_deleted_is_purged));
}

#[test]
fn a_store_that_lists_carelessly_is_caught() {
    let unsorted = Fault { asks: |query| query.sort = Sort::NEWEST, ..NONE };
    assert!(catches(unsorted, contract::lists::names_sort_without_regard_to_case_and_ties_go_by_id));
    assert!(catches(unsorted, contract::lists::every_order_of_projects_is_kept));
    let overlapping = Fault { asks: |query| query.window.limit += 1, ..NONE };
    assert!(catches(overlapping, contract::lists::a_total_counts_what_the_filters_match));
    let unfiltered = Fault { asks: |query| query.within = None, ..NONE };
    assert!(catches(unfiltered, contract::lists::projects_are_filtered_by_phase_and_by_a_list));
    let hasty = Fault { asks: |query| query.filter.metadata.truncate(1), ..NONE };
    assert!(catches(hasty, contract::searching::metadata_filters_match_whole_values_and_all_of_them));
    let deaf = Fault { asks: |query| query.filter.search = None, ..NONE };
    assert!(catches(deaf, contract::searching::search_is_literal_and_without_regard_to_case));
}
