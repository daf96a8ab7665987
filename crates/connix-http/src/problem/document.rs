//! Prints the error table as `docs/errors.md`.

use super::{Situation, Vocabulary};
use std::fmt::Write;

const HEAD: &str = "\
# Errors

<!-- Printed from crates/connix-http/src/problem/situation.rs by a test; UPDATE_GOLDEN=1 cargo test -p connix-http rewrites it. -->

Every refused request is answered with `{\"error\": {code, message, details?, request_id}}`; a 429 also has `retry_after`. The
code is spoken in one of three vocabularies, chosen by the path, also where no route stands:

| vocabulary | paths | `details` |
|---|---|---|
| upper | `/api/v1`; on `/api/v1/projects` a broken field is `VALIDATION_ERROR` | `{field, value?, issue?}` |
| lower | below `/api/v1/projects/{project}/agents` and `/api/v1/worker` | a list of `{field, message}` with all faults |
| dotted | `/v1` | `{field, value?, issue?}` |

| situation | status | upper | lower | dotted | message |
|---|---|---|---|---|---|
";

/// The page.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for situation in Situation::ALL {
        let upper = situation.code(Vocabulary::Upper);
        let on_projects = situation.code(Vocabulary::UpperProject);
        let upper = if upper == on_projects { format!("`{upper}`") } else { format!("`{upper}`, `{on_projects}`") };
        let _ = writeln!(
            page,
            "| {} | {} | {upper} | `{}` | `{}` | {} |",
            situation.name(),
            situation.status().as_u16(),
            situation.code(Vocabulary::Lower),
            situation.code(Vocabulary::Dotted),
            messages(*situation),
        );
    }
    page
}

fn messages(situation: Situation) -> String {
    let (upper, lower) = (situation.message(Vocabulary::Upper), situation.message(Vocabulary::Lower));
    if upper == lower { upper.to_owned() } else { format!("{upper} — {lower}") }
}

#[test]
fn the_committed_page_is_the_one_the_table_prints() {
    crate::golden::assert_committed("docs/errors.md", &page());
}
