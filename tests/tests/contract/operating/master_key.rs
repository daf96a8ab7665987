//! The master key: without the right one, nothing starts (`reliability.md` F22, S06).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use connix_tests::{Server, Settings, Store, with_every_store};
use serde_json::json;

with_every_store![a_wrong_or_missing_master_key_refuses_to_start, environment_variables_are_encrypted_at_rest,];

async fn a_wrong_or_missing_master_key_refuses_to_start(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let file = server.installation.data_folder().join("master.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    server.terminate().await;
    let (right, other) = (fs::read(&file).unwrap(), Server::start(store, Settings::for_tests()));
    let wrong = fs::read(other.installation.data_folder().join("master.key")).unwrap();
    assert_ne!(right, wrong, "each installation has its own");

    for (what, content) in
        [("a wrong key", Some(wrong.as_slice())), ("no key", None), ("half a key", Some(&right[..5]))]
    {
        match content {
            Some(content) => keep(&file, content),
            None => fs::remove_file(&file).unwrap(),
        }
        for arguments in [&["serve"][..], &["keys", "create", "--name", "x"]] {
            let output = server.installation.run(arguments);
            assert!(output.code.is_some_and(|code| code != 0), "{what}: {arguments:?}: {output:?}");
            assert!(output.stderr.to_lowercase().contains("master"), "{what}: {output:?}");
        }
        assert_eq!(file.exists(), content.is_some(), "{what}: no new key over old data");
    }
    keep(&file, &right);
    server.start_again();
    server.client().get("/api/v1/hello").await.expect(200);
}

/// Writes a file that only its owner may read; one that others may read is refused, too.
fn keep(file: &Path, content: &[u8]) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

async fn environment_variables_are_encrypted_at_rest(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let client = server.client();
    let variables = json!({ "TOKEN_FOR_ELSEWHERE": "canary-at-rest-4711" });
    let config = json!({ "environment_variables": variables });
    let agent = client.agent(&client.project().await, json!({ "runtime": "external", "config": config })).await;
    assert_eq!(
        client.get(&agent.path("?reveal=environment_variables")).await.expect(200)["config"]["environment_variables"],
        variables
    );
    assert!(!server.log().contains("canary-at-rest"), "nor in the log");
    let dump = match store {
        Store::Postgres => server.installation.database().dump().await,
        Store::Sqlite => {
            server.terminate().await;
            let files = fs::read_dir(server.installation.data_folder()).unwrap();
            files.filter_map(|file| fs::read(file.unwrap().path()).ok()).flatten().map(char::from).collect()
        }
    };
    assert!(dump.contains(&agent.id[6..]) || dump.contains("agent"), "the dump holds the data");
    assert!(!dump.contains("canary-at-rest"), "in plain text in the store");
}
