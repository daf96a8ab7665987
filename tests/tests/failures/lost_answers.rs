//! A server that is killed before its answer to a refresh arrives (`reliability.md` O34): the application still has the token it
//! sent, sends it again, and nobody is signed out.

use std::time::Duration;

use connix_tests::{Application, Server, Settings, Store, Tokens, eventually, hang_up_after, with_every_store};

with_every_store![
    after_a_commit_whose_answer_was_lost_the_old_token_gives_the_successor,
    whenever_the_server_is_killed_the_old_token_gives_a_successor,
];

async fn granted(server: &Server) -> (Application, Application, Tokens) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let application = tenant.client.application("public").await;
    let tokens = application.tokens(&mut server.browser_of(&member).await, "read").await;
    (application, tenant.client.application("confidential").await, tokens)
}

/// The request that asks for the next pair.
fn request(application: &Application, refresh: &str) -> String {
    let form = application.refreshment(refresh).encoded();
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// O34.
async fn after_a_commit_whose_answer_was_lost_the_old_token_gives_the_successor(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let (application, resource, tokens) = granted(&server).await;
    hang_up_after(server.installation.listen, request(&application, &tokens.refresh)).await;
    eventually("the token is used", async || (!resource.is_active(&tokens.refresh).await).then_some(())).await;
    server.kill();
    server.start_again();

    let next = application.refresh(&tokens.refresh).await.tokens();
    assert!(resource.is_active(&next.refresh).await);
    server.client_with_token(&next.access).get("/api/v1/me").await.expect(200);
    application.refresh(&next.refresh).await.tokens();
}

/// O34, before the commit or after it.
async fn whenever_the_server_is_killed_the_old_token_gives_a_successor(store: Store) {
    let mut server = Server::start(store, Settings::for_tests());
    let (application, _, tokens) = granted(&server).await;
    let mut refresh = tokens.refresh;
    for millis in [0, 2, 5, 20] {
        hang_up_after(server.installation.listen, request(&application, &refresh)).await;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        server.kill();
        server.start_again();
        refresh = application.refresh(&refresh).await.tokens().refresh;
    }
}
