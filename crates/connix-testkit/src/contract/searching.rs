//! Searching texts and attributes.

use super::tenant::{all_agents, all_projects, all_tasks};
use super::{Subject, Tenant};
use crate::samples;
use connix_domain::agent::Agent;
use connix_domain::change_set::Change;
use connix_domain::page::{AgentQuery, Filter, ProjectQuery, TaskQuery};
use connix_domain::project::Project;
use connix_domain::task::Task;
use serde_json::json;
use std::collections::BTreeSet;

fn search(part: &str) -> Filter {
    Filter { search: Some(part.to_owned()), ..Filter::default() }
}

type Pairs = [(&'static str, &'static str)];

fn attributes(pairs: &[(&str, &str)]) -> Filter {
    let metadata = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Filter { metadata, ..Filter::default() }
}

async fn named(tenant: &Tenant, filter: Filter) -> BTreeSet<String> {
    let query = ProjectQuery { filter, ..all_projects() };
    tenant.projects(&query).await.iter().map(|project| project.name.as_str().to_owned()).collect()
}

/// ProjectReader: "… and search MUST be literal and without regard to case."
pub async fn search_is_literal_and_without_regard_to_case(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let names = ["100% done", "100 done", "a_b", "axb", r"back\slash", "backslash", "Größe ÄÖÜ", "ΟΔΟΣ", "it's [x]*?"];
    for (n, name) in names.into_iter().enumerate() {
        let draft = tenant.draft(&format!("searched-{n}")).await;
        tenant.must([Change::CreateProject(Project { name: samples::display_name(name), ..draft })]).await;
    }
    for (part, expected) in [
        ("0% D", vec!["100% done"]),
        ("A_B", vec!["a_b"]),
        ("%", vec!["100% done"]),
        ("_", vec!["a_b"]),
        (r"K\S", vec![r"back\slash"]),
        ("größe äöü", vec!["Größe ÄÖÜ"]),
        ("GRÖ", vec!["Größe ÄÖÜ"]),
        ("οδοσ", vec!["ΟΔΟΣ"]),
        ("ΔΟΣ", vec!["ΟΔΟΣ"]),
        ("'s [X]*?", vec!["it's [x]*?"]),
        ("DONE", vec!["100% done", "100 done"]),
        ("done 100", vec![]),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(named(&tenant, search(part)).await, expected, "{part}");
    }
    assert_eq!(named(&tenant, search("")).await.len(), names.len());
}

/// `Filter::search`: "A literal part of name, canonical name or description"
pub async fn a_search_looks_through_names_and_description(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let home = tenant.project("home").await;
    let draft = tenant.draft("canonical-part").await;
    let description = Some("Described\nover two lines".to_owned());
    let name = samples::display_name("Displayed");
    tenant.must([Change::CreateProject(Project { name, description: description.clone(), ..draft })]).await;
    for part in ["displayed", "CANONICAL", "described", "two LINES", "described\nover"] {
        assert_eq!(named(&tenant, search(part)).await, BTreeSet::from(["Displayed".to_owned()]), "{part}");
    }
    // no match begins in one text and ends in another
    for part in ["displayedcanonical", "partdescribed", "displayed canonical", "displayed\ncanonical"] {
        assert_eq!(named(&tenant, search(part)).await, BTreeSet::new(), "{part}");
    }
    let agent = Agent { description, ..samples::agent(&home, "Named") };
    tenant.must([Change::CreateAgent(agent.clone())]).await;
    tenant.agent(&home, "other").await;
    for part in ["nAMED", "DESCRIBED"] {
        let query = AgentQuery { filter: search(part), ..all_agents(&home) };
        assert_eq!(tenant.agents(&query).await, vec![agent.clone()], "{part}");
    }
}

/// `Filter::metadata`: "Attributes that all must have these values."
pub async fn metadata_filters_match_whole_values_and_all_of_them(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    let home = tenant.project("home").await;
    let values = [
        ("first", json!({"team": "a", "n": 3, "on": true, "none": null, "list": ["a"]})),
        ("second", json!({"team": "ab", "n": 3})),
        ("third", json!({"Team": "a", "odd \"key\"": "50%_\\ done"})),
    ];
    for (name, value) in values {
        let metadata = samples::metadata(value);
        let (agent, task) =
            (samples::agent(&home, name), samples::task(&tenant.agent(&home, &format!("{name}-2")).await));
        let order = connix_domain::task::TaskOrder { metadata: metadata.clone(), ..task.order.clone() };
        tenant
            .must([
                Change::CreateProject(Project { metadata: metadata.clone(), ..tenant.draft(name).await }),
                Change::CreateAgent(Agent { metadata, ..agent }),
                Change::CreateTask(Task { order, ..task }),
            ])
            .await;
    }
    let cases: [(&Pairs, &[&str]); 10] = [
        (&[("team", "a")], &["first"]),
        (&[("n", "3")], &["first", "second"]),
        (&[("n", "3"), ("team", "ab")], &["second"]),
        (&[("n", "3"), ("team", "c")], &[]),
        (&[("on", "true"), ("none", "null"), ("n", "3")], &["first"]),
        (&[("list", "a")], &[]),
        (&[("team", "A")], &[]),
        (&[("Team", "a")], &["third"]),
        (&[("odd \"key\"", "50%_\\ done")], &["third"]),
        (&[("eam", "a")], &[]),
    ];
    for (pairs, expected) in cases {
        let expected: BTreeSet<_> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(named(&tenant, attributes(pairs)).await, expected, "{pairs:?}");
        let query = AgentQuery { filter: attributes(pairs), ..all_agents(&home) };
        let agents: BTreeSet<_> = tenant.agents(&query).await.iter().map(|a| a.name.as_str().to_owned()).collect();
        assert_eq!(agents, expected, "{pairs:?}");
    }
    let agents = tenant.agents(&AgentQuery { filter: search("first-2"), ..all_agents(&home) }).await;
    for (pairs, expected) in [(attributes(&[("team", "a")]), 1), (attributes(&[("team", "x")]), 0)] {
        let query = agents.first().map(|agent| TaskQuery { filter: pairs, ..all_tasks(agent) });
        let Some(query) = query else { unreachable!("the agent was made above") };
        assert_eq!(tenant.store.tasks(tenant.scope(), &query).await.map(|page| page.total), Ok(expected));
    }
}

/// What somebody types into a search is never an error.
pub async fn a_search_that_no_text_can_hold_finds_nothing(subject: &dyn Subject) {
    let tenant = Tenant::new(subject).await;
    tenant.project("plain").await;
    for part in ["\0", "plain\0", "\u{1e}", "\u{10ffff}"] {
        assert_eq!(named(&tenant, search(part)).await, BTreeSet::new(), "{part:?}");
        let labelled = attributes(&[("team", part), (part, "x")]);
        assert_eq!(named(&tenant, labelled).await, BTreeSet::new(), "{part:?}");
    }
}
