//! The authorization matrix: every route of the document × {no credential, missing permission, foreign organisation, invisible
//! project, deleted, random id} × {API key, access token} (`reliability.md` G4, T01).
//!
//! A route has its row in `routes.rs`, with the permission that it needs and a body that it takes; the document and the rows have to
//! name the same routes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callers;
mod routes;

use std::collections::{BTreeMap, BTreeSet};

use callers::{Caller, beyond_scopes, callers, needs_write, owner};
use connix_tests::{Answer, Client, Server, Tenant, on_every_store, unique};
use futures_util::future::join_all;
use routes::{Any, Ids, Needs, Public, ROWS, Route, Worker, absent, documented, routes};
use serde_json::{Value, json};

on_every_store![
    every_route_has_its_row,
    without_a_credential_nothing_is_answered,
    without_its_permission_a_route_is_refused,
    an_access_token_opens_what_its_scope_holds_and_nothing_else,
    what_is_foreign_is_answered_like_what_is_absent,
    what_was_deleted_is_answered_like_what_is_absent,
    what_an_invisible_project_holds_is_answered_like_what_is_absent,
    below_one_s_own_project_nothing_foreign_is_found,
    what_others_have_is_in_no_list,
];

/// Makes one of everything that a path can name.
async fn one_of_everything(tenant: &Tenant) -> Ids {
    let client = &tenant.client;
    let project = client.project().await;
    let agent = client.external_agent(&project).await;
    let task = agent.task("wait").await;
    let email = format!("{}@example.com", unique("member"));
    let member = client.post("/api/v1/members", &json!({ "email": email, "role": "viewer" })).await.expect(201);
    let team = client.post("/api/v1/teams", &json!({ "name": unique("team") })).await.expect(201);
    let key = client.post("/api/v1/api-keys", &json!({ "name": unique("key") })).await.expect(201);
    let application = json!({
        "name": unique("application"),
        "type": "confidential",
        "redirect_uris": ["https://app.example/cb"],
        "scopes": ["read", "write"],
    });
    let application = client.post("/api/v1/oauth-clients", &application).await.expect(201);
    let text = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let mut ids = absent();
    ids.extend([
        ("project", project.uid),
        ("agent", agent.id.clone()),
        ("task", task.id),
        ("member", text(&member)),
        ("team", text(&team)),
        ("api_key", text(&key)),
        ("client", application["client_id"].as_str().unwrap().to_owned()),
    ]);
    ids
}

/// Asks a route for `ids`, and for what is absent: the same status and bytes, once the ids are put in the place of the others.
async fn assert_alike(route: &Route, caller: &Caller, ids: &Ids, none: &Ids) {
    let (answer, of_absent) = (caller.ask(route, ids).await, caller.ask(route, none).await);
    let (title, told) = (format!("{} ({})", route.title(), caller.credential), caller.is_told(route));
    let text = ids.iter().fold(answer.text(), |text, (name, id)| text.replace(id.as_str(), &none[name]));
    assert_eq!((answer.status, of_absent.status), (told, told), "{title}: {}", answer.text());
    assert_eq!(text, of_absent.text(), "{title}");
    // whether the connection is closed after a refusal depends on how much of the body had come by then
    let names = |answer: &Answer| -> BTreeSet<_> {
        answer.headers.keys().map(ToString::to_string).filter(|name| name != "connection").collect()
    };
    assert_eq!(names(&answer), names(&of_absent), "{title}");
}

/// Asks each route that names something for `ids` by each of a member's credentials, and compares with the answer for `none`.
async fn all_alike(server: &Server, asking: &[Caller], (ids, none): (&Ids, &Ids), about: impl Fn(&Route) -> bool) {
    let mut asked = 0;
    for route in routes(server).await {
        let named = !matches!(route.gate, Public | Worker) && route.parameters().next().is_some();
        if named && about(&route) {
            for caller in asking {
                assert_alike(&route, caller, ids, none).await;
            }
            asked += 1;
        }
    }
    assert!(asked > 0, "no route was asked");
}

async fn every_route_has_its_row(server: &Server) {
    let documented: BTreeSet<_> = documented(server).await.into_keys().collect();
    let rows: BTreeSet<_> = ROWS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(rows.len(), ROWS.len(), "a route has two rows");
    assert_eq!(documented, rows);
}

async fn without_a_credential_nothing_is_answered(server: &Server) {
    let (anonymous, none) = (server.anonymous(), absent());
    for route in routes(server).await {
        let status = route.ask(&anonymous, &none).await.status;
        match route.gate {
            Public => assert_ne!(status, 401, "{}", route.title()),
            Any | Needs(_) | Worker => assert_eq!(status, 401, "{}", route.title()),
        }
    }
}

async fn without_its_permission_a_route_is_refused(server: &Server) {
    let tenant = server.tenant();
    let ids = one_of_everything(&tenant).await;
    let all = tenant.client.get("/api/v1/me").await.expect(200)["permissions"].clone();
    let all: Vec<_> = all.as_array().unwrap().iter().map(|held| held.as_str().unwrap().to_owned()).collect();
    let mut clients: BTreeMap<&str, Client> = BTreeMap::new();
    for route in routes(server).await {
        match route.gate {
            Needs(permission) => {
                let client = clients.entry(permission).or_insert_with(|| {
                    let others: Vec<_> = all.iter().filter(|held| *held != permission).map(String::as_str).collect();
                    assert_eq!(others.len() + 1, all.len(), "{permission} is none");
                    server.client_with(&server.key(&tenant.organisation, &["--permissions", &others.join(",")]))
                });
                let answer = route.ask(client, &ids).await;
                assert_eq!(answer.status, 403, "{}: {}", route.title(), answer.text());
            }
            Worker => assert_eq!(route.ask(&tenant.client, &ids).await.status, 401, "{}", route.title()),
            Public | Any => {}
        }
    }
    tenant.client.get(&format!("/api/v1/projects/{}", ids["project"])).await.expect(200);
}

/// The second column of the one before: a scope holds what an application may be let do, and nothing of the organisation.
async fn an_access_token_opens_what_its_scope_holds_and_nothing_else(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "owner");
    let (ids, none) = (one_of_everything(&tenant).await, absent());
    let reader = server.with_access_token(&tenant, &member, "read").await;
    let writer = server.with_access_token(&tenant, &member, "read write").await;
    for route in routes(server).await.iter().filter(|route| matches!(route.gate, Any | Needs(_))) {
        for (client, refused) in
            [(&reader, needs_write(route) || beyond_scopes(route)), (&writer, beyond_scopes(route))]
        {
            let answer = route.ask(client, if refused { &ids } else { &none }).await;
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert_ne!(answer.status, 401, "{}: {}", route.title(), answer.text());
            assert_eq!(answer.status == 403, refused, "{}: {}", route.title(), answer.text());
            assert_eq!(challenge.contains(r#"error="insufficient_scope""#), refused, "{}: {challenge}", route.title());
        }
    }
    tenant.client.get(&format!("/api/v1/projects/{}", ids["project"])).await.expect(200);
}

/// T01, T02, T18.
async fn what_is_foreign_is_answered_like_what_is_absent(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    let ids = one_of_everything(&them).await;
    all_alike(server, &owner(server, &us).await, (&ids, &absent()), |_| true).await;
    let kinds = [
        ("projects", "project"),
        ("members", "member"),
        ("teams", "team"),
        ("api-keys", "api_key"),
        ("oauth-clients", "client"),
    ];
    for (kind, parameter) in kinds {
        let id = &ids[parameter];
        them.client.get(&format!("/api/v1/{kind}/{id}")).await.expect(200);
    }
}

async fn what_was_deleted_is_answered_like_what_is_absent(server: &Server) {
    let tenant = server.tenant();
    let client = &tenant.client;
    let ids = one_of_everything(&tenant).await;
    client.delete(&format!("/api/v1/teams/{}", ids["team"])).await.expect(200);
    client.delete(&format!("/api/v1/api-keys/{}", ids["api_key"])).await.expect(200);
    client.delete(&format!("/api/v1/oauth-clients/{}", ids["client"])).await.expect(200);
    client.delete(&format!("/api/v1/projects/{}?cascade=true", ids["project"])).await.expect(200);
    // a member is never deleted
    let deleted = |route: &Route| !route.path.starts_with("/api/v1/members");
    all_alike(server, &owner(server, &tenant).await, (&ids, &absent()), deleted).await;
}

/// T05.
async fn what_an_invisible_project_holds_is_answered_like_what_is_absent(server: &Server) {
    let tenant = server.tenant();
    let ids = one_of_everything(&tenant).await;
    let other = callers(server, &tenant, &server.member(&tenant.organisation, "member")).await;
    all_alike(server, &other, (&ids, &absent()), |route| route.path.contains("{project}")).await;
}

/// T03.
async fn below_one_s_own_project_nothing_foreign_is_found(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    let (ours, theirs) = (one_of_everything(&us).await, one_of_everything(&them).await);
    let asking = owner(server, &us).await;
    for (own, foreign) in [(&["project"][..], "agent"), (&["project", "agent"], "task"), (&["team"], "member")] {
        let (mut ids, mut none) = (theirs.clone(), absent());
        for name in own {
            let name = *ours.keys().find(|key| *key == name).unwrap();
            ids.insert(name, ours[name].clone());
            none.insert(name, ours[name].clone());
        }
        let below =
            |route: &Route| route.parameters().last() == Some(foreign) && route.parameters().count() == own.len() + 1;
        all_alike(server, &asking, (&ids, &none), below).await;
    }
}

/// T07: neither shown nor counted, not even where it is searched for by its name.
async fn what_others_have_is_in_no_list(server: &Server) {
    let (us, them) = (server.tenant(), server.tenant());
    one_of_everything(&us).await;
    let lists = routes(server).await.into_iter().filter(|route| {
        let asked_by_keys = matches!(route.gate, Any | Needs(_));
        asked_by_keys && route.title().starts_with("GET") && route.parameters().next().is_none()
    });
    let lists: Vec<_> = lists.collect();
    let none = absent();
    let all = async || join_all(lists.iter().map(|route| route.ask(&us.client, &none))).await;
    let before = all().await;
    let theirs = one_of_everything(&them).await;
    assert!(before.iter().filter(|answer| answer.json()["pagination"]["total"].is_u64()).count() >= 5);
    for (before, after) in before.iter().zip(all().await) {
        assert_eq!((before.status, after.status), (200, 200), "{}", after.title);
        assert_eq!(before.json()["pagination"], after.json()["pagination"], "{}", after.title);
        let shown = theirs.values().find(|id| after.text().contains(id.as_str()));
        assert_eq!(shown, None, "{}", after.title);
    }
}
