//! What only PostgreSQL says this way.

use diesel::result::DatabaseErrorInformation;

/// Column types that SQLite has under another name.
pub(crate) mod sql_types {
    pub(crate) use diesel::sql_types::Timestamptz as Instant;
}

diesel::define_sql_function! {
    /// Where `part` begins in `text`, from 1; 0 when it is not there.
    #[sql_name = "strpos"]
    fn position(text: diesel::sql_types::Text, part: diesel::sql_types::Text) -> diesel::sql_types::Integer;
}

/// The rule of uniqueness that was broken.
pub(crate) fn rule(info: &dyn DatabaseErrorInformation) -> &str {
    info.constraint_name().unwrap_or("")
}

/// Keeps rows from being changed before the commit.
macro_rules! for_share {
    ($query:expr) => {
        $query.for_share()
    };
}
pub(crate) use for_share;

/// Inserts log lines by one statement, but for those that are there already.
macro_rules! insert_lines {
    ($rows:expr => |$insert:ident| $push:expr) => {
        let $insert = $crate::postgres::lines::Lines::from_iter($rows);
        $push;
    };
}
pub(crate) use insert_lines;
