//! Teams, and who is in them (contract section 10).

use super::members::add;
use connix_tests::{Client, Server, on_every_store, unique};
use serde_json::{Value, json};

on_every_store![
    a_team_is_made_renamed_and_deleted,
    members_join_and_leave,
    a_team_of_another_organisation_is_not_there,
    a_deleted_team_leaves_its_projects,
];

const TEAMS: &str = "/api/v1/teams";

async fn make(client: &Client) -> Value {
    client.post(TEAMS, &json!({ "name": unique("team") })).await.expect(201)
}

fn path(team: &Value) -> String {
    format!("{TEAMS}/{}", team["id"].as_str().unwrap())
}

async fn a_team_is_made_renamed_and_deleted(server: &Server) {
    let owner = server.tenant().client;
    let team = make(&owner).await;
    let shouted = json!({ "name": team["name"].as_str().unwrap().to_uppercase() });
    let error = owner.post(TEAMS, &shouted).await.refused(409, "CONFLICT");
    assert_eq!(error["details"]["field"], "name");
    let renamed = owner.patch(&path(&team), &json!({ "name": "Legal" })).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["id"]), (&json!("Legal"), &team["id"]));
    assert_eq!(owner.patch(&path(&team), &renamed).await.expect(200), renamed);
    let listed = owner.get(TEAMS).await.expect(200);
    assert_eq!((&listed["data"], &listed["pagination"]["total"]), (&json!([renamed]), &json!(1)));
    let gone = owner.delete(&path(&team)).await.expect(200);
    assert_eq!(gone, json!({ "message": "Team deleted successfully", "team_id": team["id"] }));
    owner.get(&path(&team)).await.refused(404, "RESOURCE_NOT_FOUND");
    for bad in [json!({}), json!({ "name": "" }), json!({ "name": 7 }), json!({ "name": "x", "members": [] })] {
        owner.post(TEAMS, &bad).await.refused(400, "INVALID_REQUEST");
    }
}

async fn members_join_and_leave(server: &Server) {
    let owner = server.tenant().client;
    let (team, member) = (make(&owner).await, add(&owner, "member").await);
    let members = format!("{}/members", path(&team));
    let body = json!({ "user_id": member["id"] });
    for _ in 0..2 {
        assert_eq!(owner.post(&members, &body).await.expect(201)["id"], member["id"]);
        assert_eq!(owner.get(&members).await.expect(200)["pagination"]["total"], 1);
    }
    let one = format!("{members}/{}", member["id"].as_str().unwrap());
    owner.delete(&one).await.expect(200);
    owner.delete(&one).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(owner.get(&members).await.expect(200)["data"], json!([]));
    let nobody = json!({ "user_id": "user_00000000000000aa" });
    owner.post(&members, &nobody).await.refused(404, "RESOURCE_NOT_FOUND");
    owner.post(&members, &json!({})).await.refused(400, "INVALID_REQUEST");
}

/// T01, T09.
async fn a_team_of_another_organisation_is_not_there(server: &Server) {
    let (us, them) = (server.tenant().client, server.tenant().client);
    let (team, stranger) = (make(&them).await, add(&them, "member").await);
    us.get(&path(&team)).await.refused(404, "RESOURCE_NOT_FOUND");
    us.patch(&path(&team), &json!({ "name": "ours" })).await.refused(404, "RESOURCE_NOT_FOUND");
    us.get(&format!("{}/members", path(&team))).await.refused(404, "RESOURCE_NOT_FOUND");
    us.delete(&path(&team)).await.refused(404, "RESOURCE_NOT_FOUND");
    let ours = make(&us).await;
    let body = json!({ "user_id": stranger["id"] });
    us.post(&format!("{}/members", path(&ours)), &body).await.refused(404, "RESOURCE_NOT_FOUND");
    let project = json!({ "name": unique("project"), "team_id": team["id"] });
    us.post("/api/v1/projects", &project).await.refused(404, "RESOURCE_NOT_FOUND");
    assert_eq!(them.get(&path(&team)).await.expect(200)["name"], team["name"]);
}

async fn a_deleted_team_leaves_its_projects(server: &Server) {
    let owner = server.tenant().client;
    let team = make(&owner).await;
    let body = json!({ "name": unique("project"), "team_id": team["id"] });
    let project = owner.post("/api/v1/projects", &body).await.expect(201);
    owner.delete(&path(&team)).await.expect(200);
    let left = owner.get(&format!("/api/v1/projects/{}", project["id"])).await.expect(200);
    assert_eq!(left["team_id"], Value::Null);
}
