//! A session beside the store's own: what somebody does who has the database's tools.

use crate::databases::session;
use connix_persistence::DatabaseUrl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryResult, QueryableByName, SqliteConnection, sql_query};
use diesel_async::AsyncPgConnection;
use std::collections::BTreeSet;

/// A session with one of the databases.
pub(crate) enum Beside {
    Sqlite(SqliteConnection),
    Postgres(Box<AsyncPgConnection>),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Beside {
    pub(crate) async fn of(url: &DatabaseUrl) -> Self {
        let DatabaseUrl::Sqlite { path } = url else { return Self::Postgres(Box::new(session(url).await)) };
        let mut connection = SqliteConnection::establish(path).unwrap();
        connection.batch_execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000").unwrap();
        Self::Sqlite(connection)
    }

    /// Runs a statement; gives how many rows it changed.
    pub(crate) async fn run(&mut self, statement: &str) -> QueryResult<usize> {
        match self {
            Self::Sqlite(connection) => diesel::RunQueryDsl::execute(sql_query(statement), connection),
            Self::Postgres(connection) => diesel_async::RunQueryDsl::execute(sql_query(statement), connection).await,
        }
    }

    /// The rows of a query whose one column is the text `line`.
    pub(crate) async fn lines(&mut self, query: &str) -> Vec<String> {
        let lines: QueryResult<Vec<Line>> = match self {
            Self::Sqlite(connection) => diesel::RunQueryDsl::load(sql_query(query), connection),
            Self::Postgres(connection) => diesel_async::RunQueryDsl::load(sql_query(query), connection).await,
        };
        lines.unwrap().into_iter().map(|row| row.line).collect()
    }

    /// The columns of all tables, as `table.column`.
    async fn all_columns(&mut self) -> Vec<String> {
        let query = match self {
            Self::Sqlite(_) => {
                "SELECT tables.name || '.' || columns.name AS line FROM sqlite_master AS tables,
                 pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' ORDER BY tables.name, columns.cid"
            }
            Self::Postgres(_) => {
                "SELECT table_name || '.' || column_name AS line FROM information_schema.columns
                 WHERE table_schema = 'public' ORDER BY table_name, ordinal_position"
            }
        };
        self.lines(query).await
    }

    /// The columns of the tables whose rows belong to organisations, as table and column.
    pub(crate) async fn columns_of_tenants(&mut self) -> Vec<(String, String)> {
        let all = self.all_columns().await;
        let owned: BTreeSet<_> = all.iter().filter_map(|column| column.strip_suffix(".org_id")).collect();
        let parts = all.iter().filter_map(|column| column.split_once('.'));
        parts.filter(|(table, _)| owned.contains(table)).map(|(t, c)| (t.to_owned(), c.to_owned())).collect()
    }

    /// The tables whose rows belong to organisations.
    pub(crate) async fn tables_of_tenants(&mut self) -> BTreeSet<String> {
        self.columns_of_tenants().await.into_iter().map(|(table, _)| table).collect()
    }
}
