//! The calls of the functions that keep the budgets (migration `rate_limits`).

use super::super::DB;
use connix_domain::rate_limit::{Claim, Draw, Lease};
use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};
use std::marker::PhantomData;

/// `SELECT * FROM function(…)`, whose rows are of the SQL type `ST`.
pub(super) struct Call<ST> {
    function: &'static str,
    arguments: Vec<Argument>,
    rows: PhantomData<fn() -> ST>,
}

enum Argument {
    Text(String),
    Number(i64),
    Texts(Vec<&'static str>),
    Numbers(Vec<i64>),
}

/// What was free of a budget, what others hold of it, what is leased.
pub(super) type Free = (i64, i64, i64);

/// `most` is how much of a budget may be leased at a time.
pub(super) fn take(
    me: &str,
    subject: &str,
    claims: &[Claim],
    leases: &[Lease],
    most: impl Fn(&Claim) -> i64,
) -> Call<(BigInt, BigInt, BigInt)> {
    let numbers = |of: fn(&Lease) -> i64| Argument::Numbers(leases.iter().map(of).collect());
    call(
        "rate_take",
        vec![
            Argument::Text(me.to_owned()),
            Argument::Text(subject.to_owned()),
            Argument::Texts(claims.iter().map(|claim| claim.policy.as_str()).collect()),
            Argument::Texts(claims.iter().map(|claim| word(claim.draw)).collect()),
            numbers(|lease| lease.window.opens),
            numbers(|lease| lease.window.closes),
            numbers(|lease| lease.limit),
            numbers(|lease| lease.units),
            Argument::Numbers(claims.iter().map(most).collect()),
        ],
    )
}

pub(super) fn give_back(me: &str, subject: &str, lease: &Lease) -> Call<BigInt> {
    call(
        "rate_give_back",
        vec![
            Argument::Text(me.to_owned()),
            Argument::Text(subject.to_owned()),
            Argument::Text(lease.policy.as_str().to_owned()),
            Argument::Number(lease.window.opens),
            Argument::Number(lease.units),
        ],
    )
}

pub(super) fn charge(subject: &str, lease: &Lease) -> Call<BigInt> {
    call(
        "rate_charge",
        vec![
            Argument::Text(subject.to_owned()),
            Argument::Text(lease.policy.as_str().to_owned()),
            Argument::Number(lease.window.opens),
            Argument::Number(lease.window.closes),
            Argument::Number(lease.units),
        ],
    )
}

pub(super) fn sweep(before: i64) -> Call<BigInt> {
    call("rate_sweep", vec![Argument::Number(before)])
}

const fn word(draw: Draw) -> &'static str {
    match draw {
        Draw::Take => "take",
        Draw::Need => "need",
        Draw::Look => "look",
    }
}

fn call<ST>(function: &'static str, arguments: Vec<Argument>) -> Call<ST> {
    Call { function, arguments, rows: PhantomData }
}

impl<ST> QueryFragment<DB> for Call<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT * FROM ");
        out.push_sql(self.function);
        out.push_sql("(");
        for (place, argument) in self.arguments.iter().enumerate() {
            if place > 0 {
                out.push_sql(", ");
            }
            match argument {
                Argument::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Argument::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                Argument::Texts(texts) => out.push_bind_param::<Array<Text>, _>(texts)?,
                Argument::Numbers(numbers) => out.push_bind_param::<Array<BigInt>, _>(numbers)?,
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<ST> Query for Call<ST> {
    type SqlType = ST;
}

impl<ST> QueryId for Call<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
