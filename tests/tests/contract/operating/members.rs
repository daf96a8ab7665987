//! `connix members`, beside a running server and in effect in it (contract section 12).

use connix_tests::{Server, on_every_store, unique};

on_every_store![members_are_made_listed_and_changed, what_cannot_be_done_is_said];

/// Makes a member with a password; gives what was printed, and whether it succeeded.
fn create(server: &Server, arguments: &[&str], password: &str) -> (bool, String) {
    let output = server.installation.run_with_input(&[&["members", "create"], arguments].concat(), password);
    let made = output.code == Some(0);
    let said = if made { output.stdout } else { output.stderr };
    (made, said.trim().to_owned())
}

async fn members_are_made_listed_and_changed(server: &Server) {
    let tenant = server.tenant();
    let (org, email) = (tenant.organisation.as_str(), format!("{}@example.com", unique("ada")));
    let named = ["--org", org, "--email", &email, "--role", "viewer"];
    let (made, id) = create(server, &named, "seven slow otters count to forty\n");
    assert!(made && id.starts_with("user_"), "{id}");
    let path = format!("/api/v1/members/{id}");
    let seen = tenant.client.get(&path).await.expect(200);
    assert_eq!((&seen["status"], &seen["role"]), (&"active".into(), &"viewer".into()));
    let say = |arguments: &[&str]| server.installation.line(&[&["members", "--org", org], arguments].concat());
    assert_eq!(say(&["set-role", &email, "admin"]), id);
    assert_eq!(tenant.client.get(&path).await.expect(200)["role"], "admin");
    assert_eq!(say(&["disable", &id]), id);
    assert_eq!(tenant.client.get(&path).await.expect(200)["status"], "disabled");
    assert_eq!(say(&["enable", &id]), id);
    assert!(say(&["link", &email]).contains("/console/password?token=cxi_"));
    let listed = server.installation.run(&["members", "list", "--org", org]).stdout;
    assert!(listed.lines().count() == 2 && listed.contains(&email), "{listed}");
    let key = server.client_with(&server.key(org, &["--member", &email]));
    assert_eq!(key.get("/api/v1/me").await.expect(200)["user"]["id"], id);
}

async fn what_cannot_be_done_is_said(server: &Server) {
    let tenant = server.tenant();
    let org = tenant.organisation.as_str();
    let (made, said) = create(server, &["--org", org, "--email", "a@example.com", "--role", "viewer"], "short\n");
    assert!(!made && said.contains("at least 12 characters"), "{said}");
    let (made, said) =
        create(server, &["--org", org, "--email", "nobody", "--role", "viewer"], "long enough to be one\n");
    assert!(!made && said.contains("e-mail address"), "{said}");
    let owner = tenant.client.get("/api/v1/me").await.expect(200)["user"]["id"].clone();
    for (arguments, reason) in
        [(["disable", owner.as_str().unwrap()], "owner"), (["link", "nobody@example.com"], "nobody@example.com")]
    {
        let output = server.installation.run(&[&["members", "--org", org], &arguments[..]].concat());
        assert!(output.code != Some(0) && output.stderr.contains(reason), "{arguments:?}: {output:?}");
    }
}
