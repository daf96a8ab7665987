//! The README's first walk, typed literally: what a newcomer copies must work.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use connix_tests::{FakeModel, Server, Settings, Store};

/// The shell blocks of the walk that call the API, as one script.
fn walk() -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, section) = readme.split_once("## An agent that answers").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("$API")).collect()
}

fn typed(server: &Server) -> String {
    let output = Command::new("bash")
        .args(["-c", &walk()])
        .env("KEY", &server.first_key)
        .env("API", format!("http://{}/api/v1", server.installation.listen))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_launches_an_agent_that_answers_and_shows_its_log_and_figures() {
    let model = FakeModel::start().await;
    let server = Server::start(Store::Sqlite, Settings::with_model(&model));
    let printed = tokio::task::block_in_place(|| typed(&server));
    for shown in [
        "\"status\":\"completed\"",
        "Why is the sky blue?",
        "\"total_tokens\":",
        "Task completed successfully",
        "\"success_rate\":1.0",
        "\"agent_seconds\":",
    ] {
        assert!(printed.contains(shown), "the walk does not show {shown}:\n{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_the_walk_ends_in_the_setting_s_name() {
    let server = Server::start(Store::Sqlite, Settings::for_tests());
    let printed = tokio::task::block_in_place(|| typed(&server));
    for shown in ["llm_not_configured", "llm.base_url"] {
        assert!(printed.contains(shown), "the walk does not show {shown}:\n{printed}");
    }
}
