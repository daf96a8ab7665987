//! A row cannot point into another organisation, whoever writes it (`reliability.md` T16).

use crate::beside::Beside;
use crate::databases::{new_database, new_file};
use crate::everything::one_of_everything;
use connix_persistence::{Database, DatabaseUrl, Options};
use diesel::result::{DatabaseErrorKind, Error};
use std::collections::BTreeSet;

/// Child, parent, columns of the child and of the parent.
const REFERENCES_OF_SQLITE: &str = r#"
    SELECT tables.name || ' ' || keys."table" || ' ' || group_concat(keys."from") || ' ' || group_concat(keys."to") AS line
    FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys
    WHERE tables.type = 'table' GROUP BY tables.name, keys.id ORDER BY line"#;
const REFERENCES_OF_POSTGRES: &str = "
    SELECT conrelid::regclass || ' ' || confrelid::regclass || ' ' || columns(conrelid, conkey) || ' '
        || columns(confrelid, confkey) AS line
    FROM pg_constraint WHERE contype = 'f' ORDER BY line";
const COLUMNS: &str = "
    CREATE FUNCTION columns(kept oid, numbers smallint[]) RETURNS text LANGUAGE sql AS $$
        SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(numbers) WITH ORDINALITY AS keys (number, place)
        JOIN pg_attribute ON attrelid = kept AND attnum = number $$";

/// Columns that name something and refer to nothing.
const FREE: [&str; 7] = [
    // what is told outlives what it is about
    "audit.request_id",
    "audit.target_id",
    "event.project_id",
    // a worker's session is a part of its agent, and a grant is made when its code is redeemed
    "agent.session_id",
    "oauth_code.grant_id",
    // looked for in the row's own organisation alone, and without effect where they are not there
    "api_key.user_id",
    "project.team_id",
];

struct Reference {
    child: String,
    parent: String,
    from: Vec<String>,
    to: Vec<String>,
}

async fn references(beside: &mut Beside) -> Vec<Reference> {
    let lines = match beside {
        Beside::Sqlite(_) => beside.lines(REFERENCES_OF_SQLITE).await,
        Beside::Postgres(_) => {
            beside.run(COLUMNS).await.unwrap();
            beside.lines(REFERENCES_OF_POSTGRES).await
        }
    };
    let tenants = beside.tables_of_tenants().await;
    let columns = |text: &str| text.split(',').map(str::to_owned).collect();
    let read = |line: String| {
        let parts: Vec<_> = line.split(' ').collect();
        let (from, to) = (columns(parts[2]), columns(parts[3]));
        Reference { child: parts[0].to_owned(), parent: parts[1].to_owned(), from, to }
    };
    lines.into_iter().map(read).filter(|reference| tenants.contains(&reference.child)).collect()
}

/// Tries to insert a copy of a row into another organisation, where what it points to does not exist.
async fn a_copy_is_refused(beside: &mut Beside, table: &str, [org, other]: [&str; 2]) {
    let columns = beside.columns_of_tenants().await;
    let columns =
        columns.iter().filter(|(of, column)| of == table && !["org_id", "position"].contains(&column.as_str()));
    let columns = columns.map(|(_, column)| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
    let copy = format!(
        "INSERT INTO {table} (org_id, {columns}) SELECT '{other}', {columns} FROM {table} WHERE org_id = '{org}'"
    );
    let refused = beside.run(&copy).await;
    let violation = matches!(&refused, Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)));
    assert!(violation, "{table}: {refused:?}");
}

async fn no_row_points_into_another_organisation(url: &DatabaseUrl) {
    let database = Database::open(url, Options::default()).await.unwrap();
    let (one, other) = (one_of_everything(database.store()).await, one_of_everything(database.store()).await);
    database.close().await;
    let mut beside = Beside::of(url).await;
    // unique in the service, which would be noticed first
    beside.run("DROP INDEX browser_session_digest").await.unwrap();

    let references = references(&mut beside).await;
    let mut children = BTreeSet::new();
    for Reference { child, parent, from, to } in &references {
        assert_eq!(from[0], "org_id", "{child} refers to {parent} by {from:?}");
        if parent == "organisation" {
            assert_eq!((from.len(), to.as_slice()), (1, ["id".to_owned()].as_slice()), "{child}");
        } else {
            assert_eq!(to[0], "org_id", "{child} refers to {parent} by {to:?}");
            children.insert(child.as_str());
        }
    }
    let orgs = [one.org().to_string(), other.org().to_string()];
    for child in children {
        a_copy_is_refused(&mut beside, child, [&orgs[0], &orgs[1]]).await;
    }

    let named = beside.columns_of_tenants().await.into_iter().filter(|(_, column)| column.ends_with("_id"));
    let refers = |(table, column): &(String, String)| {
        references.iter().any(|key| key.child == *table && key.from.contains(column))
    };
    let free: BTreeSet<_> =
        named.filter(|named| !refers(named)).map(|(table, column)| format!("{table}.{column}")).collect();
    assert_eq!(free, FREE.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_sqlite_no_row_points_into_another_organisation() {
    let (url, _place) = new_file();
    no_row_points_into_another_organisation(&url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgres_no_row_points_into_another_organisation() {
    let (url, _place) = new_database().await;
    no_row_points_into_another_organisation(&url).await;
}
