//! What only SQLite says this way.

use diesel::result::DatabaseErrorInformation;

/// Column types that PostgreSQL has under another name.
pub(crate) mod sql_types {
    pub(crate) use diesel::sql_types::BigInt as Instant;
}

diesel::define_sql_function! {
    /// Where `part` begins in `text`, from 1; 0 when it is not there.
    #[sql_name = "instr"]
    fn position(text: diesel::sql_types::Text, part: diesel::sql_types::Text) -> diesel::sql_types::Integer;
}

/// The rule of uniqueness that was broken. SQLite has no names for them: "UNIQUE constraint failed: project.org_id, project.id".
pub(crate) fn rule(info: &dyn DatabaseErrorInformation) -> &str {
    info.message().strip_prefix("UNIQUE constraint failed: ").unwrap_or("")
}

/// Keeps rows from being changed before the commit: here there is only one writer.
macro_rules! for_share {
    ($query:expr) => {
        $query
    };
}
pub(crate) use for_share;

/// Inserts log lines, each by a statement, but for those that are there already.
macro_rules! insert_lines {
    ($rows:expr => |$insert:ident| $push:expr) => {
        for row in $rows {
            let insert = diesel::insert_into(log::table).values(row);
            let $insert = insert.on_conflict((log::org_id, log::agent_id, log::key)).do_nothing();
            $push;
        }
    };
}
pub(crate) use insert_lines;
