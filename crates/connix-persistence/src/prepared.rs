//! Says whether a statement is worth being kept prepared.
//!
//! Diesel keeps no INSERT, UPDATE or ON CONFLICT, because their text may depend on values; ours does not. A group of
//! statements that are not kept costs a round trip each, and group commit is slower than none. What is kept is found again
//! by its text, so that a text that does vary costs room in the cache, never a wrong statement.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement with a decision.
pub(crate) struct Prepared<Q> {
    query: Q,
    keep: bool,
}

impl<Q> Prepared<Q> {
    /// A statement whose text is always the same.
    pub(crate) fn kept(query: Q) -> Self {
        Self { query, keep: true }
    }
    /// A statement that is kept if its text is one of a few.
    pub(crate) fn kept_if(keep: bool, query: Q) -> Self {
        Self { query, keep }
    }
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }
    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(self.keep)
    }
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<C, Q> diesel::RunQueryDsl<C> for Prepared<Q> {}
