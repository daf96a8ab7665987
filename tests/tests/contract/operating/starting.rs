//! `connix serve` and what stands beside it.

use connix_tests::{Installation, Server, Settings, Store, connix, on_every_store, with_every_store};
use serde_json::Value;

on_every_store![the_printed_openapi_is_the_served_one];
with_every_store![
    the_first_start_prints_the_address_and_one_key_once,
    the_first_start_prints_its_key_also_after_other_commands,
    a_second_server_on_the_same_folder_refuses_to_start,
    data_outlives_a_restart,
    migrate_prepares_a_store_for_a_start,
];

async fn the_printed_openapi_is_the_served_one(server: &Server) {
    let output = server.installation.run(&["openapi"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    let printed: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(printed, server.anonymous().get("/api/v1/docs").await.expect(200));
}

async fn the_first_start_prints_the_address_and_one_key_once(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let first = server.printed().join("\n");
    assert_eq!(first.matches("cx_").count(), 1, "{first}");
    assert!(first.contains(&format!("http://{}", server.installation.listen)), "{first}");
    server.terminate().await;
    server.start_again();
    server.client().get("/api/v1/hello").await.expect(200);
    let second = server.printed().join("\n");
    assert!(!second.contains("cx_"), "{second}");
    assert!(!server.log().contains(&server.first_key), "nor in the log");
}

async fn the_first_start_prints_its_key_also_after_other_commands(store: Store) {
    let installation = Installation::new(store, Settings::for_tests());
    let organisation = installation.line(&["orgs", "create", "--name", "early"]);
    let early = installation.line(&["keys", "create", "--name", "early", "--org", &organisation]);
    let earliest = installation.line(&["keys", "create", "--name", "own"]);
    let mut server = Server::start_on(installation);
    let org_of = async |key: &str| {
        let client = server.client_with(key);
        client.get("/api/v1/projects/default").await.expect(200)["org_id"].clone()
    };
    assert_eq!(org_of(&early).await, organisation);
    assert_eq!(org_of(&earliest).await, org_of(&server.first_key).await, "both of the organisation `default`");
    assert_ne!(org_of(&server.first_key).await, organisation);
    server.terminate().await;
    server.start_again();
    assert!(!server.printed().join("\n").contains("cx_"), "a second start prints no key");
}

/// F28.
async fn a_second_server_on_the_same_folder_refuses_to_start(store: Store) {
    let server = Server::start(store, Settings::for_tests());
    let mut second = server.installation.command(&["serve"]);
    second.env("CONNIX_SERVER__LISTEN", "127.0.0.1:0").env("CONNIX_OPERATIONS__LISTEN", "127.0.0.1:0");
    let output = second.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "{message}");
    assert!(message.contains(server.installation.data_folder().to_str().unwrap()), "it names the folder: {message}");
    server.client().get("/api/v1/hello").await.expect(200);
}

async fn data_outlives_a_restart(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let project = client.project().await;
    let before = client.get(&format!("/api/v1/projects/{}", project.uid)).await.expect(200);
    for kill in [false, true] {
        if kill {
            server.kill();
        } else {
            server.terminate().await;
        }
        server.start_again();
        let client = server.client();
        assert_eq!(client.get(&format!("/api/v1/projects/{}", project.uid)).await.expect(200), before);
        assert!(client.project().await.id > project.id, "ids are not used twice");
    }
}

async fn migrate_prepares_a_store_for_a_start(store: Store) {
    let installation = Installation::new(store, Settings::for_tests());
    for _ in 0..2 {
        let output = installation.run(&["migrate"]);
        assert_eq!(output.code, Some(0), "{output:?}");
    }
    let server = Server::start_on(installation);
    server.client().project().await;
}

#[test]
fn the_version_is_printed() {
    let output = std::process::Command::new(connix()).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.starts_with("connix "), "{text}");
}

#[test]
fn a_store_that_cannot_be_reached_stops_the_start() {
    let installation = Installation::new(Store::Sqlite, Settings::for_tests());
    let output = installation.run(&["migrate", "--database-url", "postgres://nobody:hidden-word@127.0.0.1:1/none"]);
    assert!(output.code.is_some_and(|code| code != 0), "{output:?}");
    assert!(!output.stderr.contains("hidden-word"), "the password stays out of the message: {output:?}");
    let output = installation.run(&["migrate", "--database-url", "mysql://127.0.0.1/none"]);
    assert!(output.code.is_some_and(|code| code != 0), "{output:?}");
}
