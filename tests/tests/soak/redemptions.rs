//! Many at the same code, and at the same refresh token, at the same time (`reliability.md` O19, O32). The whole campaign takes
//! 500 of each, with all other tests it is a tenth of that.

use std::collections::BTreeSet;

use connix_tests::{Answer, Application, Browser, Server, Settings, Store, with_every_store};
use futures_util::future::join_all;

with_every_store![
    of_sixteen_who_redeem_a_code_exactly_one_is_given_tokens,
    sixteen_who_refresh_at_once_are_given_one_successor,
];

/// So many show the same at the same time.
const AT_ONCE: usize = 16;

/// How many codes, or refresh tokens.
fn rounds() -> usize {
    match std::env::var("CONNIX_SOAK").as_deref() {
        Ok("full") => 500,
        _ => 50,
    }
}

/// A server of its own, with one application of each kind and a browser whose member lets both act.
async fn scene(store: Store) -> (Server, [Application; 2], Browser) {
    let server = Server::start(store, Settings::for_tests());
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    let applications = [tenant.client.application("public").await, tenant.client.application("confidential").await];
    let browser = server.browser_of(&member).await;
    (server, applications, browser)
}

async fn at_once<F: Future<Output = Answer>>(show: impl Fn() -> F) -> Vec<Answer> {
    join_all((0..AT_ONCE).map(|_| show())).await
}

/// O19.
async fn of_sixteen_who_redeem_a_code_exactly_one_is_given_tokens(store: Store) {
    let (server, applications, mut browser) = scene(store).await;
    for round in 0..rounds() {
        let application = &applications[round % applications.len()];
        let code = application.code(&mut browser, "read").await;
        let answers = at_once(|| application.redeem(&code)).await;
        let (given, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(given.len(), 1, "round {round}: {answers:?}");
        refused.iter().for_each(|answer| answer.refused_grant(400, "invalid_grant"));
        // each of the others has shown it could have redeemed the code: one of them may be a thief
        let tokens = given[0].tokens();
        server.client_with_token(&tokens.access).get("/api/v1/me").await.refused(401, "UNAUTHORIZED");
        application.refresh(&tokens.refresh).await.refused_grant(400, "invalid_grant");
    }
}

/// O32.
async fn sixteen_who_refresh_at_once_are_given_one_successor(store: Store) {
    let (server, applications, mut browser) = scene(store).await;
    let mut families = Vec::new();
    for application in &applications {
        families.push((application, application.tokens(&mut browser, "read").await.refresh));
    }
    for round in 0..rounds() {
        let at = round % families.len();
        let (application, refresh) = &mut families[at];
        let answers = at_once(|| application.refresh(refresh)).await;
        let successors: BTreeSet<_> = answers.iter().map(|answer| answer.tokens().refresh).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        *refresh = successors.into_iter().next().unwrap();
        let access = &answers[round % AT_ONCE].tokens().access;
        server.client_with_token(access).get("/api/v1/me").await.expect(200);
    }
}
