//! The shape of the workspace (docs/ARCHITECTURE.md): who may depend on whom, who may know which technology, how a file looks.
//!
//! What is allowed is listed here; everything else fails. A new edge is a decision: an ADR, and a line below.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The edges between our crates, outside of tests. Every adapter knows the domain alone, and none another.
const ALLOWED: &[(&str, &[&str])] = &[
    ("connix-domain", &[]),
    ("connix-worker-protocol", &[]),
    ("connix-application", &["connix-domain", "connix-redaction"]),
    ("connix-http", &["connix-application", "connix-domain", "connix-worker-protocol"]),
    ("connix-folder-walk", &[]),
    ("connix-identity", &["connix-domain"]),
    ("connix-metrics", &["connix-domain"]),
    ("connix-outbound", &[]),
    ("connix-persistence", &["connix-domain"]),
    ("connix-process-tree", &[]),
    ("connix-redaction", &[]),
    ("connix-runtime", &["connix-domain", "connix-folder-walk", "connix-process-tree"]),
    (
        "connix-worker",
        &["connix-folder-walk", "connix-outbound", "connix-process-tree", "connix-redaction", "connix-worker-protocol"],
    ),
    ("connix-testkit", &["connix-domain"]),
    ("connix-upstream", &["connix-domain", "connix-outbound"]),
    (
        "connix-server",
        &[
            "connix-application",
            "connix-domain",
            "connix-http",
            "connix-identity",
            "connix-metrics",
            "connix-persistence",
            "connix-runtime",
            "connix-upstream",
            "connix-worker",
            "connix-worker-protocol",
        ],
    ),
    ("connix-bench", &["connix-domain", "connix-persistence", "connix-testkit"]),
    ("connix-tests", &["connix-testkit"]),
];

/// Our own crates that any crate's tests may use.
const FOR_TESTS: &[&str] = &["connix-testkit"];

/// A technology, and the crates of ours that may name it. For those that bring half a framework; a small library is anybody's.
const OWNERS: &[(&str, &[&str])] = &[
    ("diesel", &["connix-persistence"]),
    ("diesel-async", &["connix-persistence"]),
    ("diesel_migrations", &["connix-persistence"]),
    ("libsqlite3-sys", &["connix-persistence"]),
    ("actix-web", &["connix-http"]),
    ("askama", &["connix-http"]),
    ("schemars", &["connix-http"]),
    ("reqwest", &["connix-outbound", "connix-upstream", "connix-worker", "connix-tests"]),
    ("rmcp", &["connix-worker"]),
    ("rusqlite", &["connix-bench", "connix-worker", "connix-tests"]),
    ("smartcore", &["connix-worker"]),
    ("prometheus-client", &["connix-metrics"]),
    ("procfs", &["connix-process-tree"]),
    ("chacha20poly1305", &["connix-identity"]),
    ("aws-lc-rs", &["connix-identity", "connix-testkit", "connix-tests"]), // who signs, and who plays or forges what is signed
    ("jsonwebtoken", &["connix-identity", "connix-upstream"]),
    ("argon2", &["connix-identity"]),
    ("clap", &["connix-server"]),
    ("config", &["connix-server"]),
    ("anyhow", &["connix-server"]),
];

/// What the domain may stand on: values, errors, and async ports. No runtime, no serialisation of its own, no technology.
const DOMAIN_STANDS_ON: &[&str] = &["async-trait", "chrono", "mockall", "serde_json", "thiserror"];

/// Longer than this, a file has more than one subject (architecture rule 12: about 300 is the aim).
const LONGEST_FILE: usize = 500;

/// Files that a program writes.
const GENERATED: &[&str] = &["schema.rs"];

struct Crate {
    name: String,
    folder: PathBuf,
    uses: BTreeSet<String>,
    uses_in_tests: BTreeSet<String>,
}

fn workspace() -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(of_package).collect()
}

fn of_package(package: &Value) -> Crate {
    let names = |wanted: fn(&Value) -> bool| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies
            .filter(|found| wanted(&found["kind"]))
            .map(|found| found["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    Crate {
        name: package["name"].as_str().unwrap().to_owned(),
        folder: manifest.parent().unwrap().to_owned(),
        uses: names(|kind| kind != "dev"),
        uses_in_tests: names(|kind| kind == "dev"),
    }
}

/// Our own source files, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    for member in workspace() {
        for part in ["src", "tests", "examples", "benches"] {
            let folder = member.folder.join(part);
            if folder.is_dir() {
                collect(&folder, &mut found);
            }
        }
    }
    found.retain(|(path, _)| !GENERATED.iter().any(|name| path.ends_with(name)));
    found
}

fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn crates_depend_on_each_other_only_as_the_architecture_says() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let members = workspace();
    let ours: BTreeSet<_> = members.iter().map(|member| member.name.as_str()).collect();
    let mut violations = Vec::new();
    for member in &members {
        let Some(allowed) = allowed.get(member.name.as_str()) else {
            violations.push(format!("{} has no line in ALLOWED", member.name));
            continue;
        };
        let is_ours = |name: &&String| ours.contains(name.as_str());
        for used in member.uses.iter().filter(is_ours) {
            if !allowed.contains(&used.as_str()) {
                violations.push(format!("{} must not depend on {used}", member.name));
            }
        }
        for used in member.uses_in_tests.iter().filter(is_ours) {
            if !allowed.contains(&used.as_str()) && !FOR_TESTS.contains(&used.as_str()) {
                violations.push(format!("{}'s tests must not depend on {used}", member.name));
            }
        }
    }
    none(violations);
}

#[test]
fn every_line_of_the_allowed_edges_is_used() {
    let members = workspace();
    let uses = |name: &str| members.iter().find(|member| member.name == name).map(|member| &member.uses);
    let mut violations = Vec::new();
    for (name, allowed) in ALLOWED {
        let Some(uses) = uses(name) else {
            violations.push(format!("there is no crate {name}"));
            continue;
        };
        violations.extend(
            allowed.iter().filter(|edge| !uses.contains(**edge)).map(|edge| format!("{name} does not use {edge}")),
        );
    }
    none(violations);
}

#[test]
fn only_its_owner_knows_a_technology() {
    let mut violations = Vec::new();
    for member in workspace() {
        for (technology, owners) in OWNERS {
            let known = member.uses.contains(*technology) || member.uses_in_tests.contains(*technology);
            if known && !owners.contains(&member.name.as_str()) {
                violations.push(format!(
                    "{} must not know {technology}: that is {}'s",
                    member.name,
                    owners.join(" and ")
                ));
            }
        }
    }
    none(violations);
}

#[test]
fn the_domain_knows_no_technology() {
    let members = workspace();
    let domain = members.iter().find(|member| member.name == "connix-domain").unwrap();
    let foreign: Vec<_> =
        domain.uses.iter().filter(|name| !DOMAIN_STANDS_ON.contains(&name.as_str())).cloned().collect();
    none(foreign);
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent = |(path, text): (PathBuf, String)| {
        let line = text.lines().find(|line| !line.starts_with("#!") && !line.is_empty()).unwrap_or_default();
        let says = line.strip_prefix("//! ").is_some_and(|subject| subject.contains(' ') || subject.ends_with('.'));
        (!says).then(|| format!("{} does not open with `//!` and a sentence", path.display()))
    };
    none(sources().into_iter().filter_map(silent).collect());
}

#[test]
fn no_file_has_grown_beyond_one_subject() {
    let long = |(path, text): (PathBuf, String)| {
        let lines = text.lines().count();
        (lines > LONGEST_FILE).then(|| format!("{} has {lines} lines, {LONGEST_FILE} at most", path.display()))
    };
    none(sources().into_iter().filter_map(long).collect());
}

#[test]
fn unsafe_code_stays_with_the_processes() {
    let owners = ["connix-runtime", "connix-worker"];
    let excused = |(path, text): (PathBuf, String)| {
        let excuses =
            text.lines().any(|line| line.contains("expect(unsafe_code") || line.contains("allow(unsafe_code"));
        let at_home = path.components().any(|part| owners.iter().any(|owner| part.as_os_str() == *owner));
        (excuses && !at_home && !path.ends_with(file!())).then(|| format!("{} excuses unsafe code", path.display()))
    };
    none(sources().into_iter().filter_map(excused).collect());
}

#[test]
fn no_file_is_named_after_nothing_in_particular() {
    const EMPTY_WORDS: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "manager", "impl", "types"];
    let empty = |(path, _): (PathBuf, String)| {
        let of_path =
            path.components().filter_map(|part| Path::new(part.as_os_str()).file_stem()?.to_str().map(str::to_owned));
        let word = of_path.rev().take(2).find(|part| EMPTY_WORDS.contains(&part.as_str()))?;
        Some(format!("{}: `{word}` says nothing", path.display()))
    };
    none(sources().into_iter().filter_map(empty).collect());
}
