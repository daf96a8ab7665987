//! A statement written as SQL with values in between: for rollups, whose unions diesel's builder has no words for. The text is
//! the same for both databases; the values are bound, never written into it.

use super::DB;
use super::dialect::sql_types::Instant;
use crate::instant::At;
use connix_domain::Timestamp;
use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Double, Nullable, Text};
use std::marker::PhantomData;

/// A statement that gives rows of the SQL type `ST`; `()` for one that gives none.
pub(crate) struct Sql<ST> {
    parts: Vec<Part>,
    rows: PhantomData<fn() -> ST>,
}

enum Part {
    Sql(&'static str),
    Value(Value),
}

/// A value to be bound.
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// A text, or none.
    OptionalText(Option<String>),
    /// A number.
    Number(i64),
    /// A number, or none.
    OptionalNumber(Option<i64>),
    /// A fraction, or none.
    Fraction(Option<f64>),
    /// A point in time.
    At(At),
}

impl<ST> Sql<ST> {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { parts: Vec::new(), rows: PhantomData }
    }
    /// Adds text.
    pub(crate) fn sql(mut self, text: &'static str) -> Self {
        self.parts.push(Part::Sql(text));
        self
    }
    /// Adds a value.
    pub(crate) fn value(mut self, value: impl Into<Value>) -> Self {
        self.parts.push(Part::Value(value.into()));
        self
    }
    /// Adds what `add` adds for each item, with `between` in between.
    pub(crate) fn each<T>(
        self,
        items: impl IntoIterator<Item = T>,
        between: &'static str,
        add: impl Fn(Self, T) -> Self,
    ) -> Self {
        let mut first = true;
        items.into_iter().fold(self, |sql, item| {
            let sql = if std::mem::take(&mut first) { sql } else { sql.sql(between) };
            add(sql, item)
        })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::At(At(at))
    }
}

impl<ST> QueryFragment<DB> for Sql<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared(); // whoever sends it says whether its text is one of a few
        for part in &self.parts {
            match part {
                Part::Sql(text) => out.push_sql(text),
                Part::Value(Value::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                Part::Value(Value::OptionalText(text)) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                Part::Value(Value::Number(number)) => out.push_bind_param::<BigInt, _>(number)?,
                Part::Value(Value::OptionalNumber(number)) => out.push_bind_param::<Nullable<BigInt>, _>(number)?,
                Part::Value(Value::Fraction(fraction)) => out.push_bind_param::<Nullable<Double>, _>(fraction)?,
                Part::Value(Value::At(at)) => out.push_bind_param::<Instant, _>(at)?,
            }
        }
        Ok(())
    }
}

impl<ST> Query for Sql<ST> {
    type SqlType = ST;
}

impl<ST> QueryId for Sql<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
