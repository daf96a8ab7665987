//! Both stores pass the contract suite.
#![expect(clippy::unwrap_used, reason = "a test that cannot be prepared has failed")]

mod databases;

mod sqlite {
    use super::databases::Opened;

    connix_testkit::store_contract!(Opened::sqlite);
}
