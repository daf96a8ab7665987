//! Both stores pass the contract suite, PostgreSQL in both of its ways to commit a group.
#![expect(clippy::unwrap_used, reason = "a test that cannot be prepared has failed")]

mod databases;

mod sqlite {
    use super::databases::Opened;

    connix_testkit::store_contract!(Opened::sqlite);
}

mod postgres {
    use super::databases::Opened;

    connix_testkit::store_contract!(Opened::postgres);
}

mod postgres_under_savepoints {
    use super::databases::Opened;

    connix_testkit::store_contract!(Opened::postgres_under_savepoints);
}
