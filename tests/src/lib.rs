//! The system from outside: starts the real binary on a store of its own and speaks HTTP to it.
//!
//! A case is an ordinary `async fn case(server: &Server)`; [`on_every_store!`] runs it against SQLite and against PostgreSQL.
//! Most cases share one running server per store ([`Server::shared`]) and keep apart by names of their own ([`unique`]) or by
//! an organisation of their own ([`Server::tenant`]); a case that kills or configures a server starts a private one
//! ([`Server::start`]).
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test harness fails the test and says why"
)]

mod answer;
mod application;
mod binary;
mod browser;
mod chromium;
mod client;
mod command_line;
mod environment;
mod eventually;
mod guess;
mod installation;
mod lifeline;
mod member;
mod model;
mod parameters;
mod process;
mod provider;
mod raw;
mod resource;
mod scene;
mod server;
mod store;
mod stream;
mod unique;
mod worker;

pub use answer::{Answer, keys};
pub use application::{Application, CALLBACK, Code, Question, Tokens, challenge};
pub use binary::connix;
pub use browser::{Browser, Form};
pub use chromium::Chromium;
pub use client::{Call, Client};
pub use command_line::Output;
pub use connix_testkit::fake_mcp::{self, FakeMcp};
pub use connix_testkit::fake_model::{FakeModel, FakeReply};
pub use connix_testkit::fake_search::FakeSearch;
pub use connix_testkit::proxy::Proxy;
pub use eventually::{eventually, eventually_within};
pub use guess::{key_of_nobody, wrong_secret_of};
pub use installation::{Installation, Settings};
pub use member::Member;
pub use parameters::Parameters;
pub use process::{command_line_of, environment_of, is_alive, processes_in, resident_bytes, signal, workers_of};
pub use provider::PROVIDER;
pub use raw::{RawAnswer, exchange, exchange_slowly, hang_up_after};
pub use resource::{Agent, Project, Task};
pub use scene::{NEVER, Scene};
pub use server::{Server, Tenant};
pub use store::{Database, Store};
pub use stream::{Event, EventStream};
pub use unique::unique;
pub use worker::ScriptedWorker;

/// Runs each named case, an `async fn(&Server)` of the calling module, on the shared server of every store.
///
/// A case that is written but not named here is dead code, which the compiler reports.
#[macro_export]
macro_rules! on_every_store {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::Server::shared($crate::Store::Sqlite)).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::Server::shared($crate::Store::Postgres)).await;
            })+
        }
    };
}

/// Runs each named case, an `async fn(Store)` of the calling module, once per store; the case starts servers of its own.
#[macro_export]
macro_rules! with_every_store {
    ($($case:ident),+ $(,)?) => {
        mod private_sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::Store::Sqlite).await;
            })+
        }
        mod private_postgres {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::Store::Postgres).await;
            })+
        }
    };
}
