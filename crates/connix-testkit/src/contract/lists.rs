//! Parts of lists: order, filters, totals.

use super::tenant::{all_agents, all_projects, all_tasks};
use super::{Subject, Tenant};
use crate::ids::chance;
use crate::samples;
use chrono::Duration;
use connix_domain::agent::{Agent, AgentPhase};
use connix_domain::change_set::Change;
use connix_domain::id::{AgentId, ProjectId};
use connix_domain::lifecycle::Words;
use connix_domain::page::{AgentQuery, Filter, ProjectQuery, Sort, SortBy, TaskQuery, Window};
use connix_domain::project::{Project, ProjectPhase};
use connix_domain::task::{Task, TaskPhase};
use std::collections::BTreeSet;

const OLDEST: Sort = Sort { by: SortBy::CreatedAt, descending: false };

/// New rows come behind those that were read already, oldest first.
pub async fn paging_visits_every_row_once_while_rows_are_inserted(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut made = Vec::new();
    for n in 0..20 {
        made.push(Project { created_at: samples::after(n), ..tenant.draft(&format!("early-{n}")).await });
    }
    tenant.must(made.iter().cloned().map(Change::CreateProject)).await;
    let mut seen = Vec::new();
    loop {
        let window = Window { limit: 7, offset: seen.len() as i64 };
        let part = tenant.projects(&ProjectQuery { sort: OLDEST, window, ..all_projects() }).await;
        if part.is_empty() {
            break;
        }
        seen.extend(part.into_iter().map(|project| project.id));
        if made.len() < 40 {
            let n = made.len() as i64;
            let late = Project { created_at: samples::after(n), ..tenant.draft(&format!("late-{n}")).await };
            tenant.must([Change::CreateProject(late.clone())]).await;
            made.push(late);
        }
    }
    assert_eq!(seen, made.iter().map(|project| project.id).collect::<Vec<_>>());
}

/// ProjectReader: "the total MUST count what the filters match, …"
pub async fn a_total_counts_what_the_filters_match(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let home = tenant.project("home").await;
    for n in 0..9 {
        let project = tenant.project(&format!("{}-{n}", if n < 4 { "blue" } else { "red" })).await;
        if n == 0 || n == 8 {
            let deleted = Project { phase: ProjectPhase::Deleted, version: 2, ..project };
            tenant.must([Change::UpdateProject(deleted)]).await;
        }
        tenant.agent(&home, &format!("{}-{n}", if n < 4 { "blue" } else { "red" })).await;
    }
    let window = Window { limit: 2, offset: 1 };
    for (search, total, agents) in [(None, 8, 9), (Some("BLUE"), 3, 4), (Some("red"), 4, 5), (Some("green"), 0, 0)] {
        let filter = Filter { search: search.map(str::to_owned), ..Filter::default() };
        let query = ProjectQuery { filter: filter.clone(), window, ..all_projects() };
        let page = tenant.store.projects(tenant.scope(), &query).await.map(|page| (page.items.len(), page.total));
        assert_eq!(page, Ok((total.clamp(0, 2), total as i64)), "{search:?}");
        let query = AgentQuery { filter, window, ..all_agents(&home) };
        let page = tenant.store.agents(tenant.scope(), &query).await.map(|page| (page.items.len(), page.total));
        assert_eq!(page, Ok((agents.clamp(0, 2), agents as i64)), "{search:?}");
    }
}

/// `SortBy::Name`: "Its name, without regard to case."; `Sort`: "Ties go by id, ascending."
pub async fn names_sort_without_regard_to_case_and_ties_go_by_id(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut made = Vec::new();
    for (n, name) in ["beta", "Alpha", "ALPHA", "alpha", "Ärger", "Zeta", "élan", "alphabet"].into_iter().enumerate()
    {
        let id = ProjectId::new(chance());
        made.push(Project { id, name: samples::display_name(name), ..tenant.draft(&format!("sorted-{n}")).await });
    }
    tenant.must(made.iter().cloned().map(Change::CreateProject)).await;
    made.sort_by_key(|project| (project.name.sort_key(), project.id));
    let sort = Sort { by: SortBy::Name, descending: false };
    assert_eq!(tenant.projects(&ProjectQuery { sort, ..all_projects() }).await, made);
    made.sort_by_key(|project| (std::cmp::Reverse(project.name.sort_key()), project.id));
    let sort = Sort { by: SortBy::Name, descending: true };
    assert_eq!(tenant.projects(&ProjectQuery { sort, ..all_projects() }).await, made);
}

fn spread(n: i64) -> (i64, i64) {
    // few values each, so that there are ties, and in different orders
    (n % 3, (7 * n) % 4)
}

/// Every order that projects can be listed in, both ways, with ties.
pub async fn every_order_of_projects_is_kept(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut made = Vec::new();
    for n in 0..12 {
        let (created, updated) = spread(n);
        let draft = tenant.draft(&format!("spread-{n}")).await;
        let name = samples::display_name(&format!("name {}", n % 2));
        let (created_at, updated_at) = (samples::after(created), samples::after(updated));
        made.push(Project { name, created_at, updated_at, ..draft });
    }
    tenant.must(made.iter().cloned().map(Change::CreateProject)).await;
    for (by, descending) in orders() {
        made.sort_by(|a, b| {
            let order = match by {
                SortBy::CreatedAt => a.created_at.cmp(&b.created_at),
                SortBy::UpdatedAt => a.updated_at.cmp(&b.updated_at),
                SortBy::Name => a.name.sort_key().cmp(&b.name.sort_key()),
            };
            if descending { order.reverse() } else { order }.then(a.id.cmp(&b.id))
        });
        let query = ProjectQuery { sort: Sort { by, descending }, ..all_projects() };
        assert_eq!(tenant.projects(&query).await, made, "{by} {descending}");
    }
}

/// Every order that agents can be listed in, both ways, with ties.
pub async fn every_order_of_agents_is_kept(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let mut made = Vec::new();
    for n in 0..12 {
        let (created, updated) = spread(n);
        let name = if n % 2 == 0 { format!("agent {n:02}") } else { format!("AGENT {n:02}") };
        let (created_at, updated_at) = (samples::after(created), samples::after(updated));
        let id = AgentId::new(chance());
        made.push(Agent { id, created_at, updated_at, ..samples::agent(&project, &name) });
    }
    tenant.must(made.iter().cloned().map(Change::CreateAgent)).await;
    for (by, descending) in orders() {
        made.sort_by(|a, b| {
            let order = match by {
                SortBy::CreatedAt => a.created_at.cmp(&b.created_at),
                SortBy::UpdatedAt => a.updated_at.cmp(&b.updated_at),
                SortBy::Name => a.name.sort_key().cmp(&b.name.sort_key()),
            };
            if descending { order.reverse() } else { order }.then(a.id.cmp(&b.id))
        });
        let query = AgentQuery { sort: Sort { by, descending }, ..all_agents(&project) };
        assert_eq!(tenant.agents(&query).await, made, "{by} {descending}");
    }
}

fn orders() -> impl Iterator<Item = (SortBy, bool)> {
    SortBy::ALL.iter().flat_map(|by| [(*by, false), (*by, true)])
}

/// Past the end there is nothing, and the total is still told.
pub async fn a_part_after_the_last_is_empty(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    tenant.project("only").await;
    let query = ProjectQuery { window: Window { limit: 5, offset: 5 }, ..all_projects() };
    let page = tenant.store.projects(tenant.scope(), &query).await.map(|page| (page.items, page.total));
    assert_eq!(page, Ok((Vec::new(), 1)));
}

/// `AgentQuery::status`: "the word of AGNT: `updating` stands for three phases"
pub async fn updating_stands_for_three_phases(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    for phase in AgentPhase::ALL {
        let agent = Agent { phase: *phase, ..samples::agent(&project, phase.as_str()) };
        tenant.must([Change::CreateAgent(agent)]).await;
    }
    for status in ["creating", "running", "paused", "stopped", "error", "updating", "deleted", "updating_running"] {
        let query = AgentQuery { status: Some(status.to_owned()), ..all_agents(&project) };
        let found: BTreeSet<_> = tenant.agents(&query).await.iter().map(|agent| agent.phase).collect();
        let visible = AgentPhase::ALL.iter().filter(|phase| **phase != AgentPhase::Deleted);
        let expected: BTreeSet<_> = visible.filter(|phase| phase.status() == status).copied().collect();
        assert_eq!(found, expected, "{status}");
    }
}

/// `ProjectQuery::phase`, `ProjectQuery::within`
pub async fn projects_are_filtered_by_phase_and_by_a_list(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let mut made = Vec::new();
    for (n, phase) in ProjectPhase::ALL.iter().chain(ProjectPhase::ALL).enumerate() {
        let project = Project { phase: *phase, ..tenant.draft(&format!("phase-{n}")).await };
        tenant.must([Change::CreateProject(project.clone())]).await;
        made.push(project);
    }
    let found = async |phase, within: Option<Vec<ProjectId>>| {
        let query = ProjectQuery { phase, within, ..all_projects() };
        tenant.projects(&query).await.iter().map(|project| project.id).collect::<BTreeSet<_>>()
    };
    for phase in ProjectPhase::ALL {
        let expected: BTreeSet<_> = match phase {
            ProjectPhase::Deleted => BTreeSet::new(),
            ProjectPhase::Active | ProjectPhase::Archived => {
                made.iter().filter(|project| project.phase == *phase).map(|project| project.id).collect()
            }
        };
        assert_eq!(found(Some(*phase), None).await, expected, "{phase}");
    }
    let ids: Vec<_> = made.iter().map(|project| project.id).collect();
    assert_eq!(found(None, Some(ids[..3].to_vec())).await, BTreeSet::from([ids[0], ids[1]]));
    assert_eq!(found(Some(ProjectPhase::Active), Some(ids.clone())).await, BTreeSet::from([ids[0], ids[3]]));
    assert_eq!(found(None, Some(Vec::new())).await, BTreeSet::new());
    let many = (0..2000).map(ProjectId::new).chain([ids[0]]).collect();
    assert_eq!(found(None, Some(many)).await, BTreeSet::from([ids[0]]));
}

/// `Filter`: at or after, before.
pub async fn times_bound_a_list_to_the_microsecond(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let micro = |n| samples::noon() + Duration::microseconds(n);
    for n in 0..5 {
        let draft = tenant.draft(&format!("moment-{n}")).await;
        let project = Project { created_at: micro(n), updated_at: micro(10 * n), ..draft };
        tenant.must([Change::CreateProject(project)]).await;
    }
    let names = async |filter| {
        let query = ProjectQuery { filter, sort: OLDEST, ..all_projects() };
        tenant.projects(&query).await.iter().map(|p| p.canonical_name.as_str().to_owned()).collect::<Vec<_>>()
    };
    let created = Filter { created_after: Some(micro(1)), created_before: Some(micro(3)), ..Filter::default() };
    assert_eq!(names(created.clone()).await, ["moment-1", "moment-2"]);
    let updated = Filter { updated_after: Some(micro(20)), updated_before: Some(micro(31)), ..Filter::default() };
    assert_eq!(names(updated).await, ["moment-2", "moment-3"]);
    assert_eq!(names(Filter { updated_after: Some(micro(11)), ..created }).await, ["moment-2"]);
    let wide = Filter { created_after: Some(chrono::DateTime::UNIX_EPOCH), ..Filter::default() };
    assert_eq!(names(wide).await.len(), 5);
}

/// `TaskQuery`: an agent's tasks by phase, times and metadata, newest or oldest first.
pub async fn tasks_are_listed_by_phase_and_age(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let project = tenant.project("home").await;
    let agent = tenant.agent(&project, "worker").await;
    let other = tenant.agent(&project, "other").await;
    tenant.task(&other).await;
    let mut made: Vec<Task> = Vec::new();
    for n in 0..10 {
        let phase = TaskPhase::ALL[n % TaskPhase::ALL.len()];
        made.push(Task { created_at: samples::after(n as i64 / 2), ..samples::full_task(&agent, phase) });
    }
    tenant.must(made.iter().cloned().map(Change::CreateTask)).await;
    let list =
        async |query: TaskQuery| tenant.store.tasks(tenant.scope(), &query).await.map(|page| (page.items, page.total));
    made.sort_by_key(|task| (task.created_at, task.id));
    let oldest = TaskQuery { newest_first: false, ..all_tasks(&agent) };
    assert_eq!(list(oldest.clone()).await, Ok((made.clone(), 10)));
    let later = Filter { created_after: Some(samples::after(4)), ..Filter::default() };
    assert_eq!(list(TaskQuery { filter: later, ..oldest.clone() }).await, Ok((made[8..].to_vec(), 2)));
    let labelled = Filter { metadata: vec![("job".to_owned(), "daily".to_owned())], ..Filter::default() };
    assert_eq!(list(TaskQuery { filter: labelled, ..oldest }).await, Ok((Vec::new(), 0)));
    made.sort_by_key(|task| (std::cmp::Reverse(task.created_at), task.id));
    let window = Window { limit: 3, offset: 2 };
    assert_eq!(list(TaskQuery { window, ..all_tasks(&agent) }).await, Ok((made[2..5].to_vec(), 10)));
    made.retain(|task| task.phase == TaskPhase::Failed);
    let failed = TaskQuery { phase: Some(TaskPhase::Failed), ..all_tasks(&agent) };
    assert_eq!(list(failed).await, Ok((made, 2)));
}
