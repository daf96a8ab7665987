//! Codes: good once, for whoever asked for them.

use connix_tests::{Server, on_every_store};

on_every_store![a_code_gives_tokens_that_act_for_the_member];

async fn a_code_gives_tokens_that_act_for_the_member(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "member");
    for kind in ["public", "confidential"] {
        let application = tenant.client.application(kind).await;
        let tokens = application.tokens(&mut server.browser_of(&member).await, "read").await;
        let answer = &tokens.answer;
        assert_eq!((&answer["token_type"], &answer["scope"]), (&"Bearer".into(), &"read".into()), "{answer}");
        assert!((590..=600).contains(&answer["expires_in"].as_i64().unwrap()), "{answer}");
        let me = server.client_with_token(&tokens.access).get("/api/v1/me").await.expect(200);
        assert_eq!(me["user"]["id"], member.id.as_str(), "{me}");
        application.refresh(&tokens.refresh).await.tokens();
    }
}
