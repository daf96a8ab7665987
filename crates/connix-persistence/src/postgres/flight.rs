//! Many statements of one transaction in one network flight.

use super::DB;
use super::queries::changes::{Fragment, Must, Statement};
use crate::prepared::Prepared;
use diesel::QueryResult;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};

/// BEGIN, COMMIT, SAVEPOINT … as prepared statements, so that they queue with the others, see [`fly`].
struct Verb(&'static str);

impl QueryFragment<DB> for Verb {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

/// Turns a wrong number of rows into an error on the server: in a flight nobody could look at the count before COMMIT.
struct Guarded<'a> {
    inner: &'a Fragment,
    returning: &'static str,
    verdict: &'static str,
}

impl QueryFragment<DB> for Guarded<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("WITH touched AS (");
        self.inner.walk_ast(out.reborrow())?;
        out.push_sql(self.returning);
        out.push_sql(self.verdict);
        Ok(())
    }
}

const ONE: &str = ") SELECT (count(*) = 1)::expected_rows FROM touched";
const NONE: &str = ") SELECT (count(*) = 0)::expected_rows FROM touched";

/// A statement on its way.
pub(super) type Flying<'c> = <&'c AsyncPgConnection as AsyncConnectionCore>::ExecuteFuture<'c, 'c>;

/// Prepares a verb to be sent.
pub(super) fn verb<'c>(mut connection: &'c AsyncPgConnection, text: &'static str) -> Flying<'c> {
    connection.execute_returning_count(Prepared::kept(Verb(text)))
}

/// Prepares a statement to be sent, with its guard.
pub(super) fn launch<'c>(mut connection: &'c AsyncPgConnection, statement: &Statement) -> Flying<'c> {
    let inner = &statement.fragment;
    let guarded = |returning, verdict| Prepared::kept(Guarded { inner, returning, verdict });
    match statement.must {
        Must::Touch(_) => connection.execute_returning_count(guarded(" RETURNING 1", ONE)),
        Must::Find(_) => connection.execute_returning_count(guarded("", ONE)),
        Must::Miss(_) => connection.execute_returning_count(guarded("", NONE)),
        Must::Run => connection.execute_returning_count(Prepared::kept(inner)),
    }
}

/// Polls all at once. The order on the wire is the order of the list, because every one of them, BEGIN and COMMIT too,
/// passes the connection's statement cache, whose lock is fair: while one is being prepared, the rest wait in line.
/// `batch_execute("COMMIT")` does not pass it and overtakes on a cold cache. `unconstrained` (no poll budget inside a
/// flight) is a precaution.
pub(super) async fn fly(flying: Vec<Flying<'_>>) -> Vec<QueryResult<usize>> {
    tokio::task::unconstrained(futures_util::future::join_all(flying)).await
}
