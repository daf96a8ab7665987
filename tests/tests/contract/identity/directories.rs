//! Lists of members, teams, API keys and applications, as every list (contract section 2).

use connix_tests::{CALLBACK, Client, Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    directories_are_searched_sorted_and_bounded_in_time,
    directories_are_filtered_by_status,
    what_a_directory_cannot_be_asked_is_named,
];

const DIRECTORIES: [&str; 4] = ["members", "teams", "api-keys", "oauth-clients"];

async fn found(client: &Client, directory: &str, query: &str) -> Vec<String> {
    let page = client.get(&format!("/api/v1/{directory}?{query}")).await.expect(200);
    let name = if directory == "members" { "email" } else { "name" };
    let names: Vec<_> =
        page["data"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect();
    assert_eq!(page["pagination"]["total"], names.len());
    names
}

fn order(directory: &str, name: &str) -> Value {
    match directory {
        "members" => json!({ "email": name, "role": "viewer" }),
        "oauth-clients" => {
            json!({ "name": name, "type": "public", "redirect_uris": [CALLBACK], "scopes": ["read"] })
        }
        _ => json!({ "name": name }),
    }
}

async fn directories_are_searched_sorted_and_bounded_in_time(server: &Server) {
    let client = server.tenant().client;
    for directory in DIRECTORIES {
        let mark = unique("Mark");
        let names = ["b", "C", "a"].map(|letter| format!("{letter}-{mark}@example.com"));
        let mut made = Vec::new();
        for name in &names {
            made.push(client.post(&format!("/api/v1/{directory}"), &order(directory, name)).await.expect(201));
        }
        let [b, c, a] = names;
        let upper = mark.to_uppercase();
        let newest_first = found(&client, directory, &format!("search={upper}")).await;
        assert_eq!(newest_first, [a.clone(), c.clone(), b.clone()], "{directory}");
        let by_name = format!("search={mark}&sort=name&order=asc");
        assert_eq!(found(&client, directory, &by_name).await, [a.clone(), b.clone(), c.clone()], "{directory}");
        assert_eq!(
            found(&client, directory, &format!("search=a-{mark}")).await,
            std::slice::from_ref(&a),
            "{directory}"
        );
        let second = made[1]["created_at"].as_str().unwrap();
        let since = found(&client, directory, &format!("search={mark}&created_after={second}&order=asc")).await;
        assert_eq!(since, [c, a], "{directory}");
        assert_eq!(
            found(&client, directory, &format!("search={mark}&created_before={second}")).await,
            [b],
            "{directory}"
        );
        assert_eq!(found(&client, directory, "updated_before=2001-01-01").await, Vec::<String>::new(), "{directory}");
    }
}

async fn directories_are_filtered_by_status(server: &Server) {
    let tenant = server.tenant();
    let member = server.member(&tenant.organisation, "viewer");
    let application = tenant.client.application("public").await;
    let disabled = [json!({ "disabled": true }), json!({ "status": "disabled" })];
    for ((directory, id), change) in
        [("members", &member.id), ("oauth-clients", &application.id)].into_iter().zip(disabled)
    {
        let path = format!("/api/v1/{directory}/{id}");
        let is_among = async |status: &str| {
            let page = tenant.client.get(&format!("/api/v1/{directory}?status={status}")).await.expect(200);
            page["data"].as_array().unwrap().iter().any(|item| [&item["id"], &item["client_id"]].contains(&&json!(id)))
        };
        assert!(is_among("active").await && !is_among("disabled").await, "{directory}");
        tenant.client.patch(&path, &change).await.expect(200);
        assert!(is_among("disabled").await && !is_among("active").await, "{directory}");
    }
}

async fn what_a_directory_cannot_be_asked_is_named(server: &Server) {
    let client = server.client();
    for directory in DIRECTORIES {
        for (query, field) in [
            ("sort=size", "sort"),
            ("order=up", "order"),
            ("created_after=soon", "created_after"),
            ("metadata.a=b", "metadata.a"),
            ("search=a&search=b", "search"),
            ("page=0", "page"),
        ] {
            let answer = client.get(&format!("/api/v1/{directory}?{query}")).await;
            let error = answer.refused(400, "INVALID_REQUEST");
            assert!(error["details"].to_string().contains(field), "{directory}?{query}: {error}");
        }
    }
    client.get("/api/v1/members?status=gone").await.refused(400, "INVALID_REQUEST");
}
